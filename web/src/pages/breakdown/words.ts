/** What the breakdown calls things. Words are those of the glossary. */
import dayjs from "dayjs";
import type { Promotion } from "../../api/types";
import { count, date, money, share } from "../../format";

type Reward = Promotion["reward"];

/** "€5.00", "50 spins", "20%". */
export function rewardText(value: string | null | undefined, reward: Reward): string | null {
  if (!reward || value === null || value === undefined) return null;
  if (reward.type === "percentage") return `${value}%`;
  if (reward.type === "amount" && reward.currency) return money(value, reward.currency);
  return `${count(Number(value))} ${reward.unit ?? "units"}`;
}

/** What a promotion gives: "€10.00 reward", "€5.00 to €20.00 reward by tier". */
export function promotionReward({ reward, tiers }: Promotion): string | null {
  const values = tiers.flatMap((tier) => tier.reward_value ?? []);
  values.sort((a, b) => Number(a) - Number(b));
  const [least, most] = [rewardText(values.at(0), reward), rewardText(values.at(-1), reward)];
  if (least && most) return least === most ? `${least} reward` : `${least} to ${most} by tier`;
  const own = rewardText(reward?.value, reward);
  return own && `${own} reward`;
}

/** "13 Oct 2026 to 30 Nov 2026", "From 13 Oct 2026". */
export function period({ starts_at, ends_at }: Promotion, zone: string): string | null {
  if (starts_at && ends_at) return `${date(starts_at, zone)} to ${date(ends_at, zone)}`;
  if (starts_at) return `From ${date(starts_at, zone)}, no end`;
  return ends_at ? `Until ${date(ends_at, zone)}` : null;
}

/** A part of a whole, by the rules of the rate: "<0.1%" for tiny, "100%" only when equal. */
export function part(of: number, whole: number): string {
  if (whole === 0) return "0%";
  const value = of / whole;
  if (value > 0 && value < 0.001) return "<0.1%";
  return share(value < 1 ? Math.min(value, 0.999) : value);
}

const NONE: Record<string, string> = {
  tier: "No tier",
  segment: "No segment",
  channel: "No channel",
  campaign: "No campaign",
  source: "No source",
  code: "No code",
};

const OUTCOMES: Record<string, string> = {
  counted: "Counted",
  not_redeemed: "Not redeemed",
  excess: "Excess",
  unassigned: "Unassigned",
  flagged: "Flagged",
  pending: "Pending",
  reversed: "Reversed",
};

/** What a row of a breakdown is called. */
export function label(by: string, key: string | null, tiers: Promotion["tiers"] = []): string {
  if (key === null) return NONE[by] ?? "No date";
  if (by === "tier") return tiers.find((one) => one.tier_id === key)?.name ?? key;
  if (by === "outcome") return OUTCOMES[key] ?? key;
  if (by === "channel") return key.replaceAll("+", " + ");
  if (by === "day") return dayjs(key).format("D MMM YYYY");
  if (by === "week") return `Week of ${dayjs(key).format("D MMM YYYY")}`;
  if (by === "month") return dayjs(`${key}-01`).format("MMMM YYYY");
  return key;
}
