import type { Line } from "../../../api/types";
import type { Column } from "./columns";

/** Lines in the order an address names: `-rate` is by rate, the highest first; none is the API's own. */
export function sorted(
  lines: readonly Line[],
  columns: readonly Column[],
  order: string | null,
): readonly Line[] {
  const id = order?.replace(/^-/, "");
  const column = columns.find((one) => one.id === id);
  if (!column) return lines;
  const sign = order?.startsWith("-") ? -1 : 1;
  return lines.toSorted((a, b) => {
    const [left, right] = [column.worth(a), column.worth(b)];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    if (typeof left === "number" && typeof right === "number") return sign * (left - right);
    return sign * String(left).localeCompare(String(right), "en", { numeric: true });
  });
}

/** The order after a click on a column: numbers highest first, names from A; then the other way; then the API's own. */
export function nextOrder(order: string | null, column: Column): string | null {
  const [down, up] = [`-${column.id}`, column.id];
  const [first, second] = column.isText ? [up, down] : [down, up];
  if (order === first) return second;
  return order === second ? null : first;
}
