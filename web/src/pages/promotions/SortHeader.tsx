import { Text } from "@mantine/core";
import { IconArrowDown, IconArrowsSort, IconArrowUp } from "@tabler/icons-react";
import { useLayoutEffect, useRef } from "react";
import { Hover } from "../../look/Hover";
import { COLUMNS, type ColumnId } from "./columnIds";
import classes from "./promotions.module.css";

interface Props {
  column: ColumnId;
  sort: string;
  onSort: (sort: string) => void;
}

const ICONS = { ascending: IconArrowUp, descending: IconArrowDown, none: IconArrowsSort };

/** The header of a column: a button that sorts by it, and turns the order around when used again. */
export function SortHeader({ column, sort, onSort }: Props) {
  const button = useRef<HTMLButtonElement>(null);
  const { title, first, isNumber, about } = COLUMNS[column];
  const order = sort === column ? "ascending" : sort === `-${column}` ? "descending" : "none";
  // The table draws the header cell; what it says of the order can only be said from within.
  useLayoutEffect(() => {
    button.current?.closest("th")?.setAttribute("aria-sort", order);
  }, [order]);
  if (!first) return <span className={classes.header}>{title}</span>;
  const isDown = order === "none" ? first === "desc" : order === "ascending";
  const Icon = ICONS[order];
  const sorting = (
    <button
      ref={button}
      type="button"
      aria-description={about}
      className={classes.header}
      data-sorted={order !== "none" || undefined}
      data-number={isNumber || undefined}
      onClick={() => onSort(isDown ? `-${column}` : column)}
    >
      <span>{title}</span>
      <Icon size={13} stroke={2} aria-hidden />
    </button>
  );
  return about ? <Hover more={() => <Text size="sm">{about}</Text>}>{sorting}</Hover> : sorting;
}
