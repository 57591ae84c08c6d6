import type { Maturity } from "../../../api/types";
import { count, DASH, interval, sentence, share } from "../../../format";
import { SaveCsv } from "../../../look/SaveCsv";
import { useMaturity } from "../asked";
import { label } from "../words";
import classes from "./cohorts.module.css";
import { cohortsTable } from "./files";

type Cohort = Maturity["cohorts"][number];

/** What became of each week's assignments, and what is expected of them: unfolded by who wants to know. */
export function Cohorts({ promotionId }: { promotionId: string }) {
  const { data: maturity } = useMaturity(promotionId);
  if (!maturity?.cohorts.length) return null;
  return (
    <details className={classes.cohorts}>
      <summary>By week of assignment: redeemed, open, expired, expected</summary>
      {maturity.reason && <p>No final rate is expected yet: {sentence(maturity.reason)}</p>}
      <section
        className={classes.scroll}
        aria-label="By week of assignment"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
      >
        <table>
          <caption className="only-read-aloud">What became of each week's assignments</caption>
          <thead>
            <tr>
              <th scope="col">Assigned in</th>
              <th scope="col">Assigned</th>
              <th scope="col">Redeemed</th>
              <th scope="col">Open</th>
              <th scope="col">Expired</th>
              <th scope="col">Rate so far</th>
              <th scope="col">Expected at the end</th>
            </tr>
          </thead>
          <tbody>
            {maturity.cohorts.map((cohort) => (
              <Week key={cohort.from} cohort={cohort} />
            ))}
          </tbody>
        </table>
      </section>
      <footer className={classes.below}>
        <SaveCsv
          whose={promotionId}
          of="weekly cohorts"
          rows={() => cohortsTable(maturity.cohorts)}
        />
      </footer>
    </details>
  );
}

function Week({ cohort }: { cohort: Cohort }) {
  const { from, assigned, redeemed, open, expired, rate } = cohort;
  return (
    <tr>
      <th scope="row">{label("week", from)}</th>
      <td>{count(assigned)}</td>
      <td>{count(redeemed)}</td>
      <td>{count(open)}</td>
      <td>{count(expired)}</td>
      <td>{rate === null ? DASH : share(rate)}</td>
      <td>{expected(cohort)}</td>
    </tr>
  );
}

/** An interval; where nothing is open any more, that the rate is final. */
function expected({ open, interval: between }: Cohort): string {
  if (open === 0) return "Final";
  return between ? interval(between) : DASH;
}
