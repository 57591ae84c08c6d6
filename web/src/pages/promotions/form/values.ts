/** What the form holds, and its way from and to the API's definition. Paths are as the API's pointers. */
import type { Promotion } from "../../../api/types";
import { fromLocal, toLocal } from "./times";

/** A definition as PUT and PATCH take it. */
export type Definition = Pick<
  Promotion,
  "name" | "kind" | "code" | "fallback_code" | "description" | "starts_at" | "ends_at" | "reward"
> &
  Pick<Promotion, "max_redemptions" | "tiers" | "limits">;

export interface TierValues {
  /** Tells rows apart while they are edited. */
  key: string;
  tier_id: string;
  name: string;
  reward_value: string;
}

export interface LimitValues {
  key: string;
  measure: string;
  amount: string;
  window: string;
  tier_id: string;
}

export interface FormValues {
  promotion_id: string;
  name: string;
  kind: string;
  description: string;
  code: string;
  fallback_code: string;
  reward: { type: string; value: string; currency: string; unit: string };
  /** As a field of date and time has it, in the workspace's zone. */
  starts_at: string;
  ends_at: string;
  max_redemptions: string;
  tiers: TierValues[];
  limits: LimitValues[];
  /** Personal codes to be added, one a line. */
  codes: string;
}

let rows = 0;
const newKey = () => `row-${++rows}`;

export const newTier = (): TierValues => ({
  key: newKey(),
  tier_id: "",
  name: "",
  reward_value: "",
});
export const newLimit = (measure = "reward"): LimitValues => ({
  key: newKey(),
  measure,
  amount: "",
  window: "lifetime",
  tier_id: "",
});

export const EMPTY: FormValues = {
  promotion_id: "",
  name: "",
  kind: "global",
  description: "",
  code: "",
  fallback_code: "",
  reward: { type: "amount", value: "", currency: "", unit: "" },
  starts_at: "",
  ends_at: "",
  max_redemptions: "",
  tiers: [],
  limits: [],
  codes: "",
};

/** The form of a promotion that is there. */
export function valuesOf(promotion: Promotion, zone: string): FormValues {
  const { reward } = promotion;
  return {
    promotion_id: promotion.promotion_id,
    name: promotion.name,
    kind: promotion.kind,
    description: promotion.description ?? "",
    code: promotion.code ?? "",
    fallback_code: promotion.fallback_code ?? "",
    reward: {
      type: reward?.type ?? "amount",
      value: reward?.value ?? "",
      currency: reward?.currency ?? "",
      unit: reward?.unit ?? "",
    },
    starts_at: toLocal(promotion.starts_at, zone),
    ends_at: toLocal(promotion.ends_at, zone),
    max_redemptions: promotion.max_redemptions?.toString() ?? "",
    tiers: promotion.tiers.map((one) => ({
      key: newKey(),
      tier_id: one.tier_id,
      name: one.name ?? "",
      reward_value: one.reward_value ?? "",
    })),
    limits: promotion.limits.map((one) => ({
      key: newKey(),
      measure: one.measure,
      amount: one.amount,
      window: one.window,
      tier_id: one.tier_id ?? "",
    })),
    codes: "",
  };
}

const text = (value: string): string | null => value.trim() || null;

/** The definition that a form says. */
export function definitionOf(values: FormValues, zone: string): Definition {
  const { reward } = values;
  const isUnit = reward.type === "unit";
  const isTiered = values.kind === "tiered";
  return {
    name: values.name.trim(),
    kind: values.kind,
    description: text(values.description),
    code: text(values.code),
    fallback_code: text(values.fallback_code),
    reward: {
      type: reward.type,
      value: text(reward.value),
      currency: isUnit ? null : text(reward.currency),
      unit: isUnit ? text(reward.unit) : null,
    },
    starts_at: fromLocal(values.starts_at, zone),
    ends_at: fromLocal(values.ends_at, zone),
    max_redemptions: values.max_redemptions === "" ? null : Number(values.max_redemptions),
    tiers: isTiered ? values.tiers.map(tierOf) : [],
    limits: values.limits.map((one) => ({
      measure: one.measure,
      amount: one.amount.trim(),
      window: one.window,
      tier_id: isTiered ? text(one.tier_id) : null,
    })),
  };
}

const tierOf = (one: TierValues) => ({
  tier_id: one.tier_id.trim(),
  name: text(one.name),
  reward_value: text(one.reward_value),
});

/**
 * What differs, as a merge patch. Both sides are made from the form, so that what was not touched is not sent, whatever
 * the form cannot show of it (the seconds of a time).
 */
export function changesOf(before: FormValues, now: FormValues, zone: string): Partial<Definition> {
  const [old, wanted] = [definitionOf(before, zone), definitionOf(now, zone)];
  const changed = Object.entries(wanted).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(old[name as keyof Definition]),
  );
  return Object.fromEntries(changed);
}
