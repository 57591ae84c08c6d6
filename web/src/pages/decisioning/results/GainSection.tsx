import { Skeleton } from "@mantine/core";
import type { Evaluation, ValuePeriod } from "../../../api/types";
import { count, sentence } from "../../../format";
import { Note } from "../../../look/Note";
import { SaveCsv } from "../../../look/SaveCsv";
import { Section } from "../../../look/Section";
import type { Tone } from "../../../look/Tag";
import classes from "../decisioning.module.css";
import { between, inUnit } from "../words";
import { policiesTable } from "./files";
import { Policies } from "./Policies";

interface Props {
  evaluation: Evaluation | undefined;
  whole: ValuePeriod | undefined;
}

/** What deciding for each customer gained, in words first, then every figure it rests on. */
export function GainSection({ evaluation, whole }: Props) {
  return (
    <Section
      title="What it gained"
      about={evaluation && aboutOf(evaluation)}
      aside={
        evaluation &&
        evaluation.used > 0 && (
          <SaveCsv of="policies" rows={() => policiesTable(evaluation, whole)} />
        )
      }
    >
      {evaluation ? (
        <div className={classes.gain}>
          <Headline evaluation={evaluation} />
          <Control evaluation={evaluation} />
          {evaluation.used > 0 && <Policies evaluation={evaluation} whole={whole} />}
        </div>
      ) : (
        <Skeleton height={280} />
      )}
    </Section>
  );
}

function aboutOf({ used, young, horizon_days: days }: Evaluation): string {
  const waiting =
    young > 0 ? ` ${count(young)} more are younger than ${days} days and still wait.` : "";
  return `Per decision, estimated from ${count(used)} settled decisions with 95% intervals.${waiting}`;
}

interface Said {
  tone: Tone;
  title: string;
  more: string;
}

function Headline({ evaluation }: { evaluation: Evaluation }) {
  const { tone, title, more } = headline(evaluation);
  return (
    <Note tone={tone}>
      <strong className={classes.headline}>{title}</strong>
      <div>{more}</div>
    </Note>
  );
}

function headline({
  verdict,
  verdict_words,
  against_best_fixed,
  against_benchmark,
  unit,
  fixed_order,
  used,
  horizon_days: days,
}: Evaluation): Said {
  const byBenchmark = !against_best_fixed.estimate && against_benchmark?.estimate;
  const against = byBenchmark ? against_benchmark : against_best_fixed;
  const first = fixed_order[0] && fixed_order[0] !== "none" ? ` (${fixed_order[0]})` : "";
  const best = byBenchmark ? "the benchmark for everybody" : `the best fixed offer${first}`;
  const { estimate, cautious } = against;
  if (!estimate || verdict === "not enough support")
    return used === 0
      ? {
          tone: "quiet",
          title: "Too early to tell",
          more: `What came of a decision counts as known ${days} days after it; until then nothing is claimed. If offers can be used for a shorter time, say so in the settings, and figures come sooner.`,
        }
      : { tone: "quiet", title: `Not enough support yet${needed(against)}`, more: verdict_words };
  const wide = cautious ? between(cautious, unit) : between(estimate.interval, unit);
  const by = inUnit(Math.abs(estimate.value), unit);
  if (verdict === "gain")
    return {
      tone: "good",
      title: `Gains ${by} per decision over ${best}`,
      more: `The true gain lies between ${wide.replace(" to ", " and ")}, with 95% confidence.`,
    };
  if (verdict === "worse")
    return {
      tone: "warn",
      title: `Brings ${by} less per decision than ${best}`,
      more: `The difference lies within ${wide}. Consider giving everybody the fixed offer, or trying less.`,
    };
  return {
    tone: "quiet",
    title: `No gain over ${best}`,
    more: `The difference is ${inUnit(estimate.value, unit)}, and it may be anything from ${wide}. Choosing for each customer is not shown to bring more here.`,
  };
}

/** What an interval takes at least (see docs/evaluation.md): this many decisions' worth, of this share of them. */
const ENOUGH = 1_000;
const LEAST_SHARE = 0.1;

function needed({
  effective_sample_size: effective,
  support,
}: Evaluation["against_best_fixed"]): string {
  if (support.share < LEAST_SHARE || effective >= ENOUGH) return "";
  const more = Math.ceil((ENOUGH / support.share - support.decisions) / 100) * 100;
  return `: needs about ${count(more)} more decisions`;
}

function Control({ evaluation: { measured } }: { evaluation: Evaluation }) {
  const { per_customer: uplift, unit, treated, control, basis, words } = measured;
  return (
    <div className={classes.measured}>
      <h3>
        {basis === "redemptions"
          ? "Redemptions only, beside the control group"
          : "Against the control group"}
      </h3>
      <p>
        {uplift ? (
          <>
            <b>
              {uplift.value >= 0 ? "+" : ""}
              {inUnit(uplift.value, unit)}
            </b>{" "}
            per customer ({between(uplift.interval, unit)}).{" "}
          </>
        ) : null}
        {sentence(words)}
      </p>
      <p className={classes.quiet}>
        {count(treated)} customers decided on, {count(control)} in the control group.
      </p>
    </div>
  );
}
