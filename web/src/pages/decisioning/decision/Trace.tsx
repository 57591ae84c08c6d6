import type { ReactNode } from "react";
import { useSession } from "../../../api/session";
import type { Explanation, Happened } from "../../../api/types";
import { count, instant, money } from "../../../format";
import classes from "../decisioning.module.css";
import { offerName } from "../words";

interface Step {
  key: string;
  at: string;
  what: ReactNode;
  more: ReactNode;
}

/** Decision, assignment, redemption, reversal, and the revision that learned of it, in the order of time. */
export function Trace({ decision }: { decision: Explanation }) {
  const { workspace } = useSession();
  const steps: Step[] = [decided(decision), ...decision.trace.map(happened), ...learned(decision)];
  return (
    <ol className={classes.steps}>
      {steps.map(({ key, at, what, more }) => (
        <li key={key}>
          <time dateTime={at}>{instant(at, workspace.time_zone)}</time>
          <span>
            {what}
            {more && <small>{more}</small>}
          </span>
        </li>
      ))}
    </ol>
  );
}

const decided = ({ decision_id, decided_at, choice }: Explanation): Step => ({
  key: "decision",
  at: decided_at,
  what: <b>Decision: {offerName(choice?.promotion_id ?? null, choice?.tier_id)}</b>,
  more: decision_id,
});

const WHAT: Record<string, string> = {
  assignment: "Assignment",
  redemption: "Redemption",
  reversal: "Reversal",
};

function happened(one: Happened): Step {
  const { kind, id, at, what, reward, currency, order_value: order } = one;
  const state = kind === "assignment" && what === "assigned" ? "" : `: ${what}`;
  const worth = reward && currency ? ` Reward ${money(reward, currency)}.` : "";
  const bought = order && currency ? ` Order ${money(order, currency)}.` : "";
  return {
    key: `${kind} ${id}`,
    at,
    what: (
      <b>
        {WHAT[kind] ?? kind}
        {state}
      </b>
    ),
    more: `${id}.${worth}${bought}`,
  };
}

function learned({ learned: lines }: Explanation): Step[] {
  return lines.map((one) => ({
    key: `learned ${one.promotion_id} ${one.tier_id}`,
    at: one.learned_at,
    what: (
      <b>
        Learned as {one.withdrawn ? "withdrawn" : one.redeemed ? "redeemed" : "not redeemed so far"}
      </b>
    ),
    more:
      one.first_revision === one.revision
        ? `Revision ${count(one.revision)} of what is known.`
        : `First in revision ${count(one.first_revision)}, lately in ${count(one.revision)}.`,
  }));
}
