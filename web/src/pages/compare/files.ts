/** Tables of several promotions side by side, exact, as they leave in a file. */
import type { Cell } from "../../look/csv";
import type { Compared } from "./asked";
import type { Given } from "./generosity";
import type { MatrixRow } from "./matrix";

const MEASURES = ["assigned", "redeemed", "rate", "interval_low", "interval_high"];

/** A row for each group or period, and of each promotion the columns of its cell. */
export function matrixTable(
  heading: string,
  compared: readonly Compared[],
  rows: readonly MatrixRow[],
  name: (key: string) => string,
): Cell[][] {
  const head = compared.flatMap(({ id }) => MEASURES.map((one) => `${id} ${one}`));
  return [
    [heading.toLowerCase(), "name", ...head],
    ...rows.map(({ key, cells }) => [
      key,
      name(key),
      ...compared.flatMap((_, index) => {
        const line = cells[index];
        const [low, high] = line?.interval ?? [null, null];
        return [line?.assigned, line?.redeemed, line?.rate, low, high].map((one) => one ?? null);
      }),
    ]),
  ];
}

export function generosityTable(points: readonly Given[]): Cell[][] {
  const head = ["promotion", "promotion_or_tier", "reward", "reward_in", "rate"];
  const rows = points.map((one): Cell[] => [
    one.promotion,
    one.name,
    one.exact,
    one.unit,
    one.rate,
    ...(one.interval ?? [null, null]),
    one.redeemed,
    one.assigned,
  ]);
  return [[...head, "interval_low", "interval_high", "redeemed", "assigned"], ...rows];
}
