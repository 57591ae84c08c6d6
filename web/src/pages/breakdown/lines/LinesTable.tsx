import clsx from "clsx";
import { memo, type ReactNode, useMemo } from "react";
import type { Line } from "../../../api/types";
import { type Column, named } from "./columns";
import { type Comparison, commonScale } from "./comparing";
import classes from "./lines.module.css";
import { SortHeader } from "./SortHeader";
import { nextOrder, sorted } from "./sorting";

interface Props {
  /** What the table shows, for those who do not see it. */
  caption: string;
  /** The heading of the first column. */
  heading: string;
  lines: readonly Line[];
  total: Line;
  columns: readonly Column[];
  name: (line: Line) => string;
  /** A second, quiet line below the name. */
  more?: (line: Line) => string | null;
  order: string | null;
  /** Left out where rows come in pages, and so in one order only. */
  onOrder?: (order: string | null) => void;
  menu?: (line: Line) => ReactNode;
  /** Of many rows: it scrolls by itself. */
  isTall?: boolean;
}

/** Rows of a breakdown below their total, which is the figure of the list. */
export function LinesTable(props: Props) {
  const { caption, heading, lines, total, columns, name, order, onOrder, menu } = props;
  const all = useMemo(() => [named(heading, name), ...columns], [heading, name, columns]);
  const scale = commonScale([total, ...lines]);
  const comparison = useMemo(() => ({ scale, total: total.rate }), [scale, total.rate]);
  const rows = useMemo(() => sorted(lines, all, order), [lines, all, order]);
  return (
    <section
      className={clsx(classes.scroll, props.isTall && classes.tall)}
      aria-label={caption}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
    >
      <table className={classes.table}>
        <caption className="only-read-aloud">{caption}</caption>
        <thead>
          <tr>
            {all.map((column) => (
              <SortHeader
                key={column.id}
                column={column}
                order={order}
                onOrder={onOrder && (() => onOrder(nextOrder(order, column)))}
              />
            ))}
            {menu && (
              <th scope="col">
                <span className="only-read-aloud">Export</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          <Row line={total} columns={all} comparison={comparison} title="Total" menu={menu} />
          {rows.map((line) => (
            <Row
              key={line.key ?? ""}
              line={line}
              columns={all}
              comparison={comparison}
              more={props.more?.(line)}
              menu={menu}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface RowProps {
  line: Line;
  columns: readonly Column[];
  comparison: Comparison;
  /** Of the total: instead of a name. */
  title?: string;
  more?: string | null;
  menu?: (line: Line) => ReactNode;
}

const Row = memo(function Row({ line, columns, comparison, title, more, menu }: RowProps) {
  const [first, ...others] = columns;
  return (
    <tr className={title && classes.total}>
      <th scope="row">
        {title ?? first?.show(line, comparison)}
        {title && <span className={classes.more}>as in the list</span>}
        {more && <span className={classes.more}>{more}</span>}
      </th>
      {others.map((column) => (
        <td key={column.id} data-column={column.id}>
          {column.show(line, comparison)}
        </td>
      ))}
      {menu && <td className={classes.menu}>{!title && menu(line)}</td>}
    </tr>
  );
});
