/** The tables of a decision, exact, as they leave in a file. */
import type { Explanation } from "../../../api/types";
import type { Cell } from "../../../look/csv";

const CANDIDATE = [
  "promotion_id",
  "tier_id",
  "probability",
  "sd",
  "value",
  "cost",
  "price",
  "score",
  "propensity",
] as const;

/** `sd` is that of the log-odds of the probability. The row without a promotion is no offer. */
export function candidatesTable({ candidates }: Explanation): Cell[][] {
  const sorted = candidates.toSorted((a, b) => b.score - a.score);
  return [
    [...CANDIDATE, "chosen"],
    ...sorted.map((one) => [...CANDIDATE.map((name) => one[name]), String(one.chosen)]),
  ];
}

export function excludedTable({ excluded }: Explanation): Cell[][] {
  const rows = excluded.map((one) => [one.promotion_id, one.tier_id, one.reason, one.detail]);
  return [["promotion_id", "tier_id", "reason", "detail"], ...rows];
}
