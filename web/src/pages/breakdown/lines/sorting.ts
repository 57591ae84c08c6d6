/** What rows are sorted by. */
export interface Sortable<Row> {
  id: string;
  isText?: boolean;
  /** Null comes last. */
  worth: (row: Row) => number | string | null;
}

/** Rows in the order an address names: `-rate` is by rate, the highest first; none is the API's own. */
export function sorted<Row>(
  rows: readonly Row[],
  columns: readonly Sortable<Row>[],
  order: string | null,
): readonly Row[] {
  const id = order?.replace(/^-/, "");
  const column = columns.find((one) => one.id === id);
  if (!column) return rows;
  const sign = order?.startsWith("-") ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [left, right] = [column.worth(a), column.worth(b)];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    if (typeof left === "number" && typeof right === "number") return sign * (left - right);
    return sign * String(left).localeCompare(String(right), "en", { numeric: true });
  });
}

/** The order after a click on a column: numbers highest first, names from A; then the other way; then the API's own. */
export function nextOrder(
  order: string | null,
  column: Pick<Sortable<never>, "id" | "isText">,
): string | null {
  const [down, up] = [`-${column.id}`, column.id];
  const [first, second] = column.isText ? [up, down] : [down, up];
  if (order === first) return second;
  return order === second ? null : first;
}
