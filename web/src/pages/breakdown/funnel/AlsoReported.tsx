import { Tooltip } from "@mantine/core";
import { Link } from "react-router";
import type { Funnel } from "../../../api/types";
import { count } from "../../../format";
import { ExportLink } from "../ExportLink";
import classes from "./funnel.module.css";

type Figure = "redemptions" | "reversed" | "excess" | "unassigned" | "flagged" | "pending";

const FIGURES: [Figure, string, string][] = [
  [
    "redemptions",
    "Redemptions in all",
    "Every redemption that stands, also excess, unassigned and flagged ones. An assignment with several uses has several redemptions.",
  ],
  [
    "reversed",
    "Reversed",
    "Undone by a refund, fraud or chargeback. They count neither as redemptions nor as cost.",
  ],
  [
    "excess",
    "Excess",
    "More redemptions than the assignment allows. They cost, but do not raise the rate.",
  ],
  [
    "unassigned",
    "Unassigned",
    "Customers redeemed without an assignment it could be matched to. Each is matched by itself should its assignment still be reported.",
  ],
  [
    "flagged",
    "Flagged",
    "Possible abuse: someone else's personal code, or a customer of the control group. They cost, but do not raise the rate.",
  ],
  [
    "pending",
    "Pending",
    "The customer, or the redemption that is reversed, is not known yet. Counted as soon as it is.",
  ],
];

/** What else was reported of a promotion. None of it is mixed into the rate. */
export function AlsoReported({ funnel }: { funnel: Funnel }) {
  return (
    <div className={classes.also}>
      <h4>Beside the rate</h4>
      <dl>
        {FIGURES.map(([figure, name, meaning]) => (
          <div key={figure}>
            <dt>
              <Tooltip
                label={meaning}
                multiline
                w={280}
                position="top-start"
                events={{ hover: true, focus: true, touch: true }}
              >
                <button type="button" className={classes.term}>
                  {name}
                </button>
              </Tooltip>
            </dt>
            <dd>{count(funnel[figure])}</dd>
            <dd>
              <Next figure={figure} funnel={funnel} />
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

/** What one can do about a figure that is not zero. */
function Next({ figure, funnel }: { figure: Figure; funnel: Funnel }) {
  const { promotion_id: id } = funnel;
  if (funnel[figure] === 0) return null;
  if (figure === "excess")
    return <ExportLink promotionId={id} status="excess" name="excess" count={funnel.excess} />;
  if (figure !== "pending" && figure !== "flagged") return null;
  return (
    <Link
      className={classes.next}
      to={`/problems?outcome=${figure}&q=${encodeURIComponent(id)}`}
      aria-label={`See ${figure} events of this promotion`}
    >
      See problems
    </Link>
  );
}
