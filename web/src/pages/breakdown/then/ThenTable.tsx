import clsx from "clsx";
import { useMemo } from "react";
import lines from "../lines/lines.module.css";
import { SortHeader } from "../lines/SortHeader";
import { nextOrder, type Sortable, sorted } from "../lines/sorting";
import {
  change,
  changeText,
  figure,
  MEASURES,
  type Measure,
  type Pair,
  type Pairs,
  worth,
} from "./pairs";
import classes from "./then.module.css";

interface Props {
  caption: string;
  /** The heading of the first column. */
  heading: string;
  pairs: Pairs;
  measures: readonly Measure[];
  name: (key: string | null) => string;
  order: string | null;
  /** Left out where rows come in pages, and so in one order only. */
  onOrder?: (order: string | null) => void;
  /** What was known then is still being counted. */
  isWaiting: boolean;
  /** Of many rows: it scrolls by itself. */
  isTall?: boolean;
}

interface Column extends Sortable<Pair> {
  title: string;
}

/** Each figure three times: as it was known then, as it is now, and by how much it moved. */
export function ThenTable(props: Props) {
  const { caption, heading, pairs, measures, name, order, onOrder, isWaiting } = props;
  const first = useMemo<Column>(
    () => ({ id: "name", title: heading, isText: true, worth: ({ key }) => name(key) }),
    [heading, name],
  );
  const groups = useMemo(() => measures.map(columnsOf), [measures]);
  const rows = useMemo(
    () => sorted(pairs.rows, [first, ...groups.flat()], order),
    [pairs.rows, first, groups, order],
  );
  const head = (column: Column, group?: string) => (
    <SortHeader
      key={column.id}
      column={column}
      group={group}
      order={order}
      onOrder={onOrder && (() => onOrder(nextOrder(order, column)))}
    />
  );
  return (
    <section
      className={clsx(lines.scroll, props.isTall && lines.tall)}
      aria-label={caption}
      aria-busy={isWaiting}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
    >
      <table className={clsx(lines.table, classes.table)}>
        <caption className="only-read-aloud">{caption}</caption>
        <thead>
          <tr>
            <td />
            {measures.map((measure) => (
              <th key={measure} scope="colgroup" colSpan={3}>
                {MEASURES[measure]}
              </th>
            ))}
          </tr>
          <tr>
            {head(first)}
            {measures.flatMap((measure, at) =>
              groups[at]?.map((column) => head(column, MEASURES[measure])),
            )}
          </tr>
        </thead>
        <tbody>
          <Row pair={pairs.total} name="Total" isTotal measures={measures} isWaiting={isWaiting} />
          {rows.map((pair) => (
            <Row
              key={pair.key ?? ""}
              pair={pair}
              name={name(pair.key)}
              measures={measures}
              isWaiting={isWaiting}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function columnsOf(measure: Measure): Column[] {
  return [
    { id: `${measure}_then`, title: "Then", worth: ({ known }) => worth(known, measure) },
    { id: measure, title: "Now", worth: ({ now }) => worth(now, measure) },
    { id: `${measure}_change`, title: "Change", worth: (pair) => change(pair, measure) },
  ];
}

interface RowProps {
  pair: Pair;
  name: string;
  isTotal?: boolean;
  measures: readonly Measure[];
  isWaiting: boolean;
}

function Row({ pair, name, isTotal, measures, isWaiting }: RowProps) {
  const { known, now } = pair;
  const counted = (text: string) => (isWaiting ? <Grey /> : text);
  return (
    <tr className={isTotal ? lines.total : undefined}>
      <th scope="row">
        {name}
        <span className={classes.brief}>
          {measures.map((measure) => (
            <span key={measure}>
              <span>{MEASURES[measure]}</span>
              {counted(figure(known, measure))}
              <span aria-hidden>→</span>
              <span className="only-read-aloud">, now</span>
              <b>{figure(now, measure)}</b>
              {!isWaiting && <Change pair={pair} measure={measure} />}
            </span>
          ))}
        </span>
      </th>
      {measures.flatMap((measure) => [
        <td key={`${measure}_then`} className={classes.then}>
          {counted(figure(known, measure))}
        </td>,
        <td key={measure}>{figure(now, measure)}</td>,
        <td key={`${measure}_change`} className={classes.last}>
          {counted("") || <Change pair={pair} measure={measure} />}
        </td>,
      ])}
    </tr>
  );
}

function Change({ pair, measure }: { pair: Pair; measure: Measure }) {
  const by = change(pair, measure);
  return (
    <span className={classes.change} data-moved={Boolean(by) || undefined}>
      {changeText(by, measure)}
    </span>
  );
}

/** Where a figure will stand. */
const Grey = () => <span className={classes.grey} />;
