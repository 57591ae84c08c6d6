/** What decisioning is said in: values in their unit, offers by name, and the words for modes and verdicts. */
import type { ValueEstimate } from "../../api/types";
import { count, money } from "../../format";
import type { Tone } from "../../look/Tag";

const plain = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 3 });

/** A value per decision: "€0.42", or "0.42 redemptions" where every redemption counts as one. */
export function inUnit(value: number, unit: string): string {
  if (unit === "redemptions") return `${plain.format(value)} redemptions`;
  const digits = Math.abs(value) < 0.005 && value !== 0 ? 4 : 2;
  return money(value.toFixed(digits), unit);
}

/** An interval in the same unit: "€0.31 to €0.53". */
export const between = ([low, high]: readonly number[], unit: string): string =>
  unit === "redemptions"
    ? `${plain.format(low ?? 0)} to ${plain.format(high ?? 0)}`
    : `${inUnit(low ?? 0, unit)} to ${inUnit(high ?? 0, unit)}`;

export const estimated = ({ value, interval }: ValueEstimate, unit: string): string =>
  `${inUnit(value, unit)} (${between(interval, unit)})`;

/** An offer as people call it: the promotion, and its tier if it is one; null is no offer. */
export const offerName = (promotionId: string | null, tierId: string | null = null): string =>
  promotionId === null ? "No offer" : tierId ? `${promotionId} (${tierId})` : promotionId;

/** An amount of a budget: money, or so many units such as points. */
export const amountOf = (amount: string, currency: string): string =>
  /^[A-Z]{3}$/.test(currency)
    ? money(amount, currency, true)
    : `${count(Number(amount))} ${currency}`;

export interface ModeWords {
  label: string;
  /** What that comes to, in a word or two. */
  state: string;
  tone: Tone;
  says: string;
}

export const MODES: Record<string, ModeWords> = {
  live: {
    label: "Live",
    state: "Deciding",
    tone: "good",
    says: "Customers get the offer that is worth most for each.",
  },
  apprentice: {
    label: "Apprentice",
    state: "Not acted on",
    tone: "accent",
    says: "It decides and logs, and customers get business as usual.",
  },
  fixed: {
    label: "Fixed offer",
    state: "Kill switch on",
    tone: "warn",
    says: "Everybody gets the same, and nothing is chosen.",
  },
  off: {
    label: "Off",
    state: "Not deciding",
    tone: "quiet",
    says: "No offer is given, and nothing is learned.",
  },
};

export const modeWords = (mode: string): ModeWords =>
  MODES[mode] ?? { label: mode, state: mode, tone: "quiet", says: "" };

/** Who chose, in the words of a decision. */
export const CHOSEN_BY: Record<string, string> = {
  policy: "Chosen for this customer",
  control: "Control group",
  apprentice: "Apprentice: not acted on",
  fixed: "Fixed offer",
  off: "Decisioning is off",
  fallback: "Fallback",
};

/** How much is tried, in words, from the slider's gamma. */
export function tryingWords(gamma: number): string {
  if (gamma < 2)
    return "Tries a lot: offers that look worse are drawn nearly as often as the best.";
  if (gamma < 10) return "Tries often: learns fast, and gives up some value for it.";
  if (gamma < 50) return "Balanced: mostly the best offer, with enough tried to keep learning.";
  if (gamma < 200) return "Mostly takes the best offer; learns slowly what else would do.";
  return "Nearly always takes the best offer; hardly learns anything new.";
}

export const GATES: Record<string, { label: string; tone: Tone }> = {
  supported: { label: "Supported", tone: "good" },
  "low overlap": { label: "Low overlap", tone: "warn" },
  "not enough support": { label: "Not enough support", tone: "quiet" },
};
