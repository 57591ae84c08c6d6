import { useMay } from "../../api/session";
import type { LikelyReason, Problem } from "../../api/types";
import { count, titled } from "../../format";
import { Tag, type Tone } from "../../look/Tag";
import { MapWord } from "./MapWord";
import { useReasons } from "./problems";
import classes from "./problems.module.css";

/** What most likely happened, the likeliest first, each with what speaks for it. Nothing is shown where nothing is likely. */
export function Reasons({ problem, done }: { problem: Problem; done: () => void }) {
  const { data } = useReasons(problem.problem_id);
  const mayMap = useMay("promotions:write");
  if (!data?.reasons.length) return null;
  return (
    <section aria-label="Likely reasons">
      <h3 className={classes.heading}>Likely reasons</h3>
      <ol className={classes.reasons}>
        {data.reasons.map((one, at) => (
          <li key={`${one.kind} ${one.promotion_id} ${one.customer_id}`}>
            <Likelihood reason={one} />
            <span className={classes.why}>{one.detail}</span>
            {mayMap && one.mapping ? (
              <MapWord
                mapping={one.mapping}
                events={one.evidence.events ?? 0}
                isFirst={at === 0}
                done={done}
              />
            ) : (
              <Waiting reason={one} />
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

const TONES: Record<string, Tone> = { "very likely": "good", likely: "accent", possible: "quiet" };

function Likelihood({ reason: { likelihood } }: { reason: LikelyReason }) {
  return <Tag tone={TONES[likelihood] ?? "quiet"}>{titled(likelihood)}</Tag>;
}

function Waiting({ reason: { evidence } }: { reason: LikelyReason }) {
  const { events } = evidence;
  if (!events) return null;
  return (
    <span className={classes.evidence}>
      {events === 1 ? "1 redemption waits for it." : `${count(events)} redemptions wait for it.`}
    </span>
  );
}
