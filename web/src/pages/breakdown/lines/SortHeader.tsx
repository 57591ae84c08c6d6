import { IconArrowDown, IconArrowsSort, IconArrowUp } from "@tabler/icons-react";
import classes from "./lines.module.css";

interface Props {
  column: { id: string; title: string; isText?: boolean };
  /** What it belongs to, where several columns have the same title. */
  group?: string;
  order: string | null;
  onOrder?: () => void;
}

/** The head of a column; a click sorts by it. */
export function SortHeader({ column: { id, title, isText }, group, order, onOrder }: Props) {
  const way = order === id ? "ascending" : order === `-${id}` ? "descending" : undefined;
  const Icon =
    way === "ascending" ? IconArrowUp : way === "descending" ? IconArrowDown : IconArrowsSort;
  return (
    <th scope="col" aria-sort={way} data-text={isText || undefined} data-column={id}>
      {onOrder ? (
        <button type="button" className={classes.sort} data-sorted={way} onClick={onOrder}>
          {group && <span className="only-read-aloud">{group}: </span>}
          {title}
          <Icon size={13} stroke={2} aria-hidden />
        </button>
      ) : (
        title
      )}
    </th>
  );
}
