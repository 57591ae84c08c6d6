/** The tables of the funnel, exact, as they leave in a file. */
import type { Funnel, Maturity } from "../../../api/types";
import type { Cell } from "../../../look/csv";

export function cohortsTable(cohorts: Maturity["cohorts"]): Cell[][] {
  const head = ["week", "assigned", "redeemed", "open", "expired", "rate"];
  const rows = cohorts.map((one): Cell[] => [
    one.from,
    one.assigned,
    one.redeemed,
    one.open,
    one.expired,
    one.rate,
    one.expected,
    ...(one.interval ?? [null, null]),
  ]);
  return [[...head, "expected", "expected_low", "expected_high"], ...rows];
}

const PARTS = ["assigned", "redeemed", "open", "expired"] as const;
const BESIDE = [
  "redemptions",
  "reversed",
  "excess",
  "unassigned",
  "flagged",
  "pending",
] as const satisfies (keyof Funnel)[];

export function funnelTable(funnel: Funnel): Cell[][] {
  const { assigned } = funnel;
  return [
    ["figure", "number", "share_of_assigned"],
    ...PARTS.map((one) => [one, funnel[one], assigned > 0 ? funnel[one] / assigned : null]),
    ...BESIDE.map((one) => [one, funnel[one], null]),
  ];
}
