import type { Usage } from "../api/types";
import { count, date, moment, money } from "../format";

/** How a limit stands: the shares of it that are committed and redeemed, and how serious that is. */
export interface Standing {
  usage: Usage;
  committed: number;
  redeemed: number;
  /** The larger of the two: what the limit is judged by. */
  used: number;
  level: "fine" | "near" | "over";
}

/** From this threshold on (per cent of the limit) a limit wants to be looked at. */
const NEAR = 80;

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
    level: levelOf(usage.alert),
  };
}

/** How serious a threshold is. */
export function levelOf(threshold: number | null): Standing["level"] {
  if ((threshold ?? 0) >= 100) return "over";
  return (threshold ?? 0) >= NEAR ? "near" : "fine";
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
export function limitName(usage: Pick<Usage, "measure" | "window" | "tier_id">): string {
  const name = [MEASURE[usage.measure] ?? usage.measure, WINDOW[usage.window]]
    .filter(Boolean)
    .join(" ");
  return usage.tier_id ? `${name}, tier ${usage.tier_id}` : name;
}

const EACH: Record<string, string> = { daily: "/day", weekly: "/week", monthly: "/month" };

/** The same for a narrow column: "Budget/month". */
export function shortLimitName({ measure, window, tier_id }: Usage): string {
  const name = `${MEASURE[measure] ?? measure}${EACH[window] ?? ""}`;
  return tier_id ? `${name}, ${tier_id}` : name;
}

/** An amount of a limit: money (in the promotion's currency), units, or a count. */
export function limitAmount(
  usage: Pick<Usage, "measure">,
  amount: string,
  currency: string | null,
): string {
  if (usage.measure !== "reward") return count(amount);
  return currency ? money(amount, currency, true) : count(amount);
}

const ENDS: Record<string, string> = {
  daily: "today",
  weekly: "this week",
  monthly: "this month",
};

/** What the forecast of a limit says, in a sentence; nothing where there is too little to go by. */
export function forecastText(usage: Usage, currency: string | null, zone: string): string | null {
  const { forecast } = usage;
  const isUsedUp = levelOf(usage.alert) === "over";
  if (!forecast) return isUsedUp ? "Used up." : null;
  if (isUsedUp)
    return forecast.reached_at ? `Used up since ${moment(forecast.reached_at, zone)}.` : "Used up.";
  const pace = `${limitAmount(usage, forecast.pace_per_day, currency)} a day`;
  if (forecast.reached_at) return `Reached on ${when(usage, zone)} at today's pace, ${pace}.`;
  return ["Not reached", ENDS[usage.window], `at today's pace, ${pace}.`].filter(Boolean).join(" ");
}

function when(usage: Usage, zone: string): string {
  const at = usage.forecast?.reached_at ?? "";
  return usage.window === "lifetime" || usage.window === "monthly"
    ? date(at, zone)
    : moment(at, zone);
}
