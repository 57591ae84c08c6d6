import type { Promotion } from "../../api/types";
import type { Cell } from "../../look/csv";
import { SaveCsv } from "../../look/SaveCsv";
import type { Compared } from "./asked";

type Sums = "reward_cost" | "reward_units" | "order_value";
const SUMS: Sums[] = ["reward_cost", "reward_units", "order_value"];

/** Keeps the compared figures as a CSV file. */
export function SaveFigures({ compared }: { compared: readonly Compared[] }) {
  const known = compared.flatMap(({ promotion }) => promotion ?? []);
  return (
    <SaveCsv of="promotions compared" disabled={known.length === 0} rows={() => tableOf(known)} />
  );
}

/** Exact: rates as fractions, amounts as decimals with a column for each currency or unit. */
function tableOf(promotions: readonly Promotion[]): Cell[][] {
  const sums = SUMS.flatMap((what) => {
    const units = new Set(promotions.flatMap(({ figures }) => Object.keys(figures[what])));
    return [...units].sort().map((unit) => [what, unit] as const);
  });
  const head = [
    "promotion_id",
    "name",
    "status",
    "kind",
    "assigned",
    "redeemed",
    "rate",
    "interval_low",
    "interval_high",
    "redemptions",
    ...sums.map(([what, unit]) => `${what}_${unit}`),
  ];
  const rows = promotions.map(({ promotion_id, name, status, kind, figures }): Cell[] => [
    promotion_id,
    name,
    status,
    kind,
    figures.assigned,
    figures.redeemed,
    figures.rate,
    figures.interval?.[0] ?? null,
    figures.interval?.[1] ?? null,
    figures.redemptions,
    ...sums.map(([what, unit]) => figures[what][unit] ?? "0"),
  ]);
  return [head, ...rows];
}
