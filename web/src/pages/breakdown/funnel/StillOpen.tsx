import { useSession } from "../../../api/session";
import type { Funnel } from "../../../api/types";
import { count, counted, instant } from "../../../format";
import { amountTexts } from "../Amounts";
import classes from "./funnel.module.css";

/** What is promised and may still be redeemed, in a sentence: the liability. */
export function StillOpen({ funnel }: { funnel: Funnel }) {
  const { workspace } = useSession();
  const { liability } = funnel;
  const { assignments, reserved, reward_value, reward_units, without_value } = liability;
  if (assignments + reserved === 0)
    return funnel.assigned > 0 ? (
      <p className={classes.still}>Nothing is still open: every reward is used or expired.</p>
    ) : null;
  const sums = amountTexts(reward_value, reward_units, workspace.currency, false);
  const promised = without_value < assignments || reserved > 0 ? sums.join(" and ") : "";
  return (
    <p className={classes.still}>
      Still open: {promised && <strong>{promised}</strong>} {promised && "promised in "}
      <strong>{what(assignments, reserved)}</strong>, not yet used or expired.
      {aside(liability)}
      {liability.untold && " What reservations held then was not kept."}
      {liability.counted_at && ` Counted at ${instant(liability.counted_at, workspace.time_zone)}.`}
    </p>
  );
}

/** "1,234 rewards and 3 reservations". */
function what(assignments: number, reserved: number): string {
  const parts = [assignments > 0 && counted(assignments, "reward")];
  parts.push(reserved > 0 && counted(reserved, "reservation"));
  return parts.filter(Boolean).join(" and ");
}

/** That some of it has no price yet. */
function aside({ assignments, without_value: some }: Funnel["liability"]): string {
  if (some === 0) return "";
  const which = some === assignments ? "they" : `${count(some)} of them`;
  return ` What ${which} cost is known once they are used.`;
}
