import { Drawer, Skeleton, Stack } from "@mantine/core";
import classes from "./breakdown.module.css";

/** The drawer while the promotion is being asked for: grey where things will stand. */
export function Waiting() {
  return (
    <>
      <Drawer.Header className={classes.head}>
        <div className={classes.headRow}>
          <Drawer.Title className={classes.title}>
            <span className="only-read-aloud">Breakdown</span>
            <Skeleton component="span" display="block" width={260} height={26} />
          </Drawer.Title>
          <Drawer.CloseButton aria-label="Close the breakdown" />
        </div>
      </Drawer.Header>
      <Drawer.Body className={classes.body} aria-busy>
        <Stack gap="md">
          <Skeleton height={168} radius="lg" />
          <Skeleton height={300} radius="lg" />
          <Skeleton height={360} radius="lg" />
        </Stack>
      </Drawer.Body>
    </>
  );
}
