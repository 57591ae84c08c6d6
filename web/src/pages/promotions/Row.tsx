import { TableTr, type TableTrProps } from "@mantine/core";
import { memo, type ReactNode } from "react";
import type { Promotion } from "../../api/types";

interface Props {
  record: Promotion;
  index: number;
  rowProps: TableTrProps;
  children: ReactNode;
  /** What else its cells are made of: the columns, the selection. */
  madeOf: readonly unknown[];
}

/** A row of the table, drawn again only when its promotion, its place or what its cells are made of has changed. */
export const Row = memo(
  function Row({ rowProps, children }: Props) {
    return <TableTr {...rowProps}>{children}</TableTr>;
  },
  (before, now) =>
    before.record === now.record &&
    before.index === now.index &&
    before.madeOf.every((part, at) => part === now.madeOf[at]),
);
