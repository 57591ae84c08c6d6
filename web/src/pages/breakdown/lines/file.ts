import type { Breakdown, Line } from "../../../api/types";
import type { Cell } from "../../../look/csv";

type Sums = "reward_cost" | "reward_units" | "order_value";

export const COUNTS = [
  "redemptions",
  "excess",
  "unassigned",
  "flagged",
  "pending",
  "reversed",
] as const satisfies (keyof Line)[];

/** A breakdown as a table, exact: rates as fractions, amounts as decimals with a column for each currency. */
export function tableOf(
  { by, total }: Breakdown,
  lines: readonly Line[],
  name: (line: Line) => string,
): Cell[][] {
  const sums = (["reward_cost", "reward_units", "order_value"] satisfies Sums[]).flatMap((what) =>
    Object.keys(total[what]).map((unit) => [what, unit] as const),
  );
  const head = [
    by,
    "name",
    "assigned",
    "redeemed",
    "rate",
    "interval_low",
    "interval_high",
    ...COUNTS,
    ...sums.map(([what, unit]) => `${what}_${unit}`),
  ];
  const row = (line: Line, called: string): Cell[] => [
    line.key,
    called,
    line.assigned,
    line.redeemed,
    line.rate,
    line.interval?.[0] ?? null,
    line.interval?.[1] ?? null,
    ...COUNTS.map((count) => line[count]),
    ...sums.map(([what, unit]) => line[what][unit] ?? "0"),
  ];
  return [head, ...lines.map((line) => row(line, name(line))), row(total, "Total")];
}
