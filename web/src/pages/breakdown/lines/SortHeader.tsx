import { IconArrowDown, IconArrowsSort, IconArrowUp } from "@tabler/icons-react";
import type { Column } from "./columns";
import classes from "./lines.module.css";

interface Props {
  column: Column;
  order: string | null;
  onOrder?: () => void;
}

/** The head of a column; a click sorts by it. */
export function SortHeader({ column: { id, title, isText }, order, onOrder }: Props) {
  const way = order === id ? "ascending" : order === `-${id}` ? "descending" : undefined;
  const Icon =
    way === "ascending" ? IconArrowUp : way === "descending" ? IconArrowDown : IconArrowsSort;
  return (
    <th scope="col" aria-sort={way} data-text={isText || undefined} data-column={id}>
      {onOrder ? (
        <button type="button" className={classes.sort} data-sorted={way} onClick={onOrder}>
          {title}
          <Icon size={13} stroke={2} aria-hidden />
        </button>
      ) : (
        title
      )}
    </th>
  );
}
