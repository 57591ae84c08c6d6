import type { DecisionSettings } from "../../../api/types";
import type { Offer } from "../OfferSelect";

/** The settings as the form holds them: shares in percent, and what may be left empty as text. */
export interface FormValues {
  objective: string;
  exploration: string;
  gamma: number;
  floor: number | string;
  margin: number | string;
  control_share: number | string;
  control_gets: string;
  contact_cost: string;
  reserve: string;
  cap_assignments: number | string;
  cap_days: number | string;
  assignment_days: number | string;
  benchmark: Offer | null;
  benchmark_share: number | string;
}

const percent = (share: number): number => Math.round(share * 1_000_000) / 10_000;

export const valuesOf = (one: DecisionSettings): FormValues => ({
  objective: one.objective,
  exploration: one.exploration,
  gamma: one.gamma,
  floor: percent(one.floor),
  margin: percent(one.margin),
  control_share: percent(one.control_share),
  control_gets: one.control_gets,
  contact_cost: one.contact_cost,
  reserve: one.reserve,
  cap_assignments: one.frequency_cap?.assignments ?? "",
  cap_days: one.frequency_cap?.days ?? "",
  assignment_days: one.assignment_days ?? "",
  benchmark: one.benchmark && {
    promotion_id: one.benchmark.promotion_id,
    tier_id: one.benchmark.tier_id,
  },
  benchmark_share: percent(one.benchmark?.share ?? 0.12),
});

/** What the API is told. What is not filled in is sent as it is, so that the API says what is wrong with it. */
export function settingsOf(values: FormValues): Partial<DecisionSettings> {
  const share = (one: number | string) => Number(one) / 100;
  const isCapped = values.cap_assignments !== "" || values.cap_days !== "";
  return {
    objective: values.objective,
    exploration: values.exploration,
    gamma: values.gamma,
    floor: share(values.floor),
    margin: share(values.margin),
    control_share: share(values.control_share),
    control_gets: values.control_gets,
    contact_cost: values.contact_cost.trim(),
    reserve: values.reserve,
    frequency_cap: isCapped
      ? { assignments: Number(values.cap_assignments), days: Number(values.cap_days) }
      : null,
    assignment_days: values.assignment_days === "" ? null : Number(values.assignment_days),
    benchmark: values.benchmark && { ...values.benchmark, share: share(values.benchmark_share) },
  };
}

/** A slider moves evenly over what works unevenly: from 0.5 to 500 in equal ratios. */
const LOW = Math.log(0.5);
const HIGH = Math.log(500);
export const toSlider = (gamma: number): number =>
  Math.round((100 * (Math.log(Math.min(500, Math.max(0.5, gamma))) - LOW)) / (HIGH - LOW));
export function fromSlider(at: number): number {
  const gamma = Math.exp(LOW + (at / 100) * (HIGH - LOW));
  return Number(gamma.toPrecision(2));
}
