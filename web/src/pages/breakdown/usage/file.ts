/** How a limit came to be used, exact, as it leaves in a file. */
import type { LimitOverTime } from "../../../api/types";
import type { Cell } from "../../../look/csv";

const DAY = ["day", "committed", "redeemed", "committed_so_far", "redeemed_so_far"] as const;

export function usageTable({ usage, currency, days }: LimitOverTime): Cell[][] {
  const { measure, window, tier_id, limit } = usage;
  const its = [measure, window, tier_id ?? null, limit, currency];
  return [
    [...DAY, "measure", "window", "tier_id", "limit", "currency"],
    ...days.map((one) => [...DAY.map((name) => one[name]), ...its]),
  ];
}
