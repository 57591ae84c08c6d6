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
  const { assigned, liability } = funnel;
  const promised = { ...liability.reward_value, ...liability.reward_units };
  return [
    ["figure", "number", "share_of_assigned", "amount", "amount_in"],
    ...PARTS.map((one) => row(one, funnel[one], assigned > 0 ? funnel[one] / assigned : null)),
    ...BESIDE.map((one) => row(one, funnel[one])),
    row("open_without_value", liability.without_value),
    row("reserved", liability.reserved),
    ...Object.entries(promised).map(([name, amount]) => row("liability", null, null, amount, name)),
  ];
}

function row(
  figure: string,
  number: number | null,
  share: number | null = null,
  amount: string | null = null,
  amountIn: string | null = null,
): Cell[] {
  return [figure, number, share, amount, amountIn];
}
