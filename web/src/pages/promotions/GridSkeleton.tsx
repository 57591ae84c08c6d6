import { Skeleton } from "@mantine/core";
import classes from "./promotions.module.css";

const ROWS = Array.from({ length: 12 }, (_, row) => row);

/** The room that the table will take, while it is on its way. */
export function GridSkeleton() {
  return (
    <div className={classes.skeleton} role="status" aria-label="Loading promotions">
      {ROWS.map((row) => (
        <div key={row}>
          <Skeleton h={14} w={`${50 + ((row * 37) % 40)}%`} />
          <Skeleton h={14} />
          <Skeleton h={14} />
          <Skeleton h={14} />
        </div>
      ))}
    </div>
  );
}
