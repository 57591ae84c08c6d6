/** Then and now as a table, exact: a row has what was known, what is, and by how much it moved. */
import type { Line } from "../../../api/types";
import type { Cell } from "../../../look/csv";
import { COUNTS } from "../lines/file";
import type { Pair, Pairs } from "./pairs";

type Sums = "reward_cost" | "reward_units" | "order_value";
const SUMS: readonly Sums[] = ["reward_cost", "reward_units", "order_value"];
const NUMBERS = ["assigned", "redeemed", ...COUNTS] as const;

export function tableOf(
  by: string,
  asOf: string,
  { total, rows }: Pairs,
  name: (key: string | null) => string,
): Cell[][] {
  const sums = SUMS.flatMap((what) =>
    [...new Set(sides(total).flatMap((line) => Object.keys(line[what])))].map(
      (unit) => [what, unit] as const,
    ),
  );
  const head = [
    ...[by, "name", "known_on", "rate_then", "rate_now", "rate_change"],
    ...NUMBERS.flatMap((one) => [`${one}_then`, `${one}_now`, `${one}_change`]),
    ...sums.flatMap(([what, unit]) => [`${what}_${unit}_then`, `${what}_${unit}_now`]),
  ];
  const row = (pair: Pair, called: string): Cell[] => {
    const { key, known, now } = pair;
    const rates = [known?.rate ?? null, now?.rate ?? null] as const;
    const moved = rates[0] === null || rates[1] === null ? null : rates[1] - rates[0];
    return [
      ...[key, called, asOf, ...rates, moved],
      ...NUMBERS.flatMap((one) => {
        const [before, after] = [known?.[one] ?? 0, now?.[one] ?? 0];
        return [before, after, after - before];
      }),
      ...sums.flatMap(([what, unit]) => [known, now].map((line) => line?.[what][unit] ?? "0")),
    ];
  };
  return [head, ...rows.map((pair) => row(pair, name(pair.key))), row(total, "Total")];
}

const sides = ({ known, now }: Pair): Line[] => [known, now].flatMap((line) => line ?? []);
