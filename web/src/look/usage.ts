import type { Usage } from "../api/types";
import { count, money } from "../format";

/** How a limit stands: the shares of it that are committed and redeemed, and how serious that is. */
export interface Standing {
  usage: Usage;
  committed: number;
  redeemed: number;
  /** The larger of the two: what the limit is judged by. */
  used: number;
  level: "fine" | "near" | "over";
}

const NEAR = 0.8;

/** Limits, the tightest first. A share is of the limit; a limit of zero is over as soon as anything is used. */
export function standings(usage: readonly Usage[]): Standing[] {
  return usage.map(standing).sort((a, b) => b.used - a.used);
}

function standing(usage: Usage): Standing {
  const whole = Number(usage.limit);
  const part = (text: string | null) => {
    const value = Number(text ?? 0);
    return whole > 0 ? value / whole : value > 0 ? Number.POSITIVE_INFINITY : 0;
  };
  const committed = part(usage.committed);
  const redeemed = part(usage.redeemed);
  const used = Math.max(committed, redeemed);
  return {
    usage,
    committed,
    redeemed,
    used,
    level: used > 1 ? "over" : used >= NEAR ? "near" : "fine",
  };
}

const MEASURE: Record<string, string> = {
  reward: "Budget",
  assignments: "Assignments",
  redemptions: "Redemptions",
};
const WINDOW: Record<string, string> = {
  daily: "today",
  weekly: "this week",
  monthly: "this month",
  lifetime: "",
};

/** "Budget this month", "Assignments, tier gold". */
export function limitName(usage: Usage): string {
  const name = [MEASURE[usage.measure] ?? usage.measure, WINDOW[usage.window]]
    .filter(Boolean)
    .join(" ");
  return usage.tier_id ? `${name}, tier ${usage.tier_id}` : name;
}

/** An amount of a limit: money (in the promotion's currency), units, or a count. */
export function limitAmount(usage: Usage, amount: string | null, currency: string | null): string {
  if (amount === null) return "not known";
  if (usage.measure !== "reward") return count(Number(amount));
  return currency ? money(amount, currency, true) : count(Number(amount));
}
