/** What decisioning brought, exact, as it leaves in files. */
import type { Evaluation, ValueEstimate, ValueOverTime, ValuePeriod } from "../../../api/types";
import type { Cell } from "../../../look/csv";

const ends = (name: string) => [name, `${name}_low`, `${name}_high`];
const estimate = (one: ValueEstimate | null): Cell[] =>
  one ? [one.value, ...one.interval] : [null, null, null];

export function valueTable({ periods, unit }: ValueOverTime): Cell[][] {
  const values = [...ends("ours"), ...ends("control"), ...ends("best_fixed")];
  return [
    ["from", "settled", "decisions", "redeemed", "control_decisions", "unit", ...values],
    ...periods.map((one) => [
      one.from,
      String(one.settled),
      one.decisions,
      one.redeemed,
      one.control_decisions,
      unit,
      ...[one.ours, one.control, one.best_fixed].flatMap(estimate),
    ]),
  ];
}

export function policiesTable(
  { policies, unit }: Evaluation,
  whole: ValuePeriod | undefined,
): Cell[][] {
  const rows = policies.map((one): Cell[] => [
    one.policy,
    ...estimate(one.dr),
    unit,
    one.effective_sample_size,
    one.gate,
    one.support.words,
  ]);
  if (whole?.control)
    rows.push([
      "control",
      ...estimate(whole.control),
      unit,
      whole.control_decisions,
      "measured",
      null,
    ]);
  return [["policy", ...ends("value"), "unit", "worth_decisions", "support", "why"], ...rows];
}

/** A row for each offer of each segment; the segment of everybody is empty. */
export function mixTable({ mix, unit }: ValueOverTime): Cell[][] {
  const head = ["segment", "decisions", "value", "unit", "promotion_id", "tier_id", "share"];
  return [
    head,
    ...mix.flatMap(({ segment, decisions, value, offers }) =>
      offers.map(({ promotion_id, tier_id, share }) => [
        segment,
        decisions,
        value,
        unit,
        promotion_id,
        tier_id,
        share,
      ]),
    ),
  ];
}

const LEARNED = [
  "offers",
  "predicted",
  "observed",
  "log_loss",
  "usual_log_loss",
  "gain",
] as const satisfies (keyof NonNullable<ValuePeriod["learning"]>)[];

export function learningTable({ periods }: ValueOverTime): Cell[][] {
  const rows = periods.flatMap(({ from, learning }) =>
    learning ? [[from, ...LEARNED.map((one) => learning[one])]] : [],
  );
  return [["from", ...LEARNED], ...rows];
}
