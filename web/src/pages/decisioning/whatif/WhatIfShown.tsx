import { Stack } from "@mantine/core";
import type { WhatIfAnswer } from "../../../api/types";
import { counted, sentence, share } from "../../../format";
import { Note } from "../../../look/Note";
import { Section } from "../../../look/Section";
import { Stat, Stats } from "../../../look/Surface";
import type { Tone } from "../../../look/Tag";
import classes from "../decisioning.module.css";
import { between, inUnit } from "../words";

const TONES: Record<string, Tone> = { gain: "good", worse: "warn" };

/** The answer in words first, then the figures it rests on and what it takes for granted. */
export function WhatIfShown({ answer }: { answer: WhatIfAnswer }) {
  const { verdict, difference, unit, current, changed, affected, assumes, used } = answer;
  const { estimate, cautious } = difference;
  return (
    <Section title="Answer" about={sentence(answer.change)}>
      <Stack gap="md" aria-live="polite">
        <Note tone={TONES[verdict] ?? "quiet"}>
          <strong className={classes.headline}>
            {estimate ? titleOf(verdict, estimate.value, unit) : "Not enough support"}
          </strong>
          <div>
            {estimate
              ? rangeSaid(verdict, cautious ?? estimate.interval, unit)
              : sentence(answer.verdict_words)}
          </div>
        </Note>
        <Stats>
          <Stat
            label="Now"
            value={current.dr ? inUnit(current.dr.value, unit) : "not known"}
            more={current.dr && `${between(current.dr.interval, unit)} per decision`}
          />
          <Stat
            label="Then"
            value={changed.dr ? inUnit(changed.dr.value, unit) : "not known"}
            more={changed.dr && `${between(changed.dr.interval, unit)} per decision`}
          />
          <Stat
            label="Decided otherwise"
            value={affected === null ? "not known" : share(affected)}
            more={`of ${counted(used, "decision")}`}
          />
        </Stats>
        {assumes.length > 0 && (
          <div>
            <h3 className={classes.small}>Taken for granted</h3>
            <ul className={classes.list}>
              {assumes.map((one) => (
                <li key={one}>{sentence(one)}</li>
              ))}
            </ul>
          </div>
        )}
      </Stack>
    </Section>
  );
}

function titleOf(verdict: string, value: number, unit: string): string {
  const by = inUnit(Math.abs(value), unit);
  if (verdict === "gain") return `It would bring ${by} more per decision`;
  if (verdict === "worse") return `It would bring ${by} less per decision`;
  return "No difference is shown";
}

function rangeSaid(verdict: string, [low, high]: readonly [number, number], unit: string): string {
  const ends = verdict === "worse" ? ([-high, -low] as const) : ([low, high] as const);
  const more = { gain: "more", worse: "less" }[verdict] ?? "of difference";
  return `Between ${between(ends, unit).replace(" to ", " and ")} ${more} per decision, with 95% confidence.`;
}
