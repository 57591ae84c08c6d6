import { useSession } from "../../api/session";
import type { Anomaly } from "../../api/types";
import { count, date, moment } from "../../format";
import { SaveCsv } from "../../look/SaveCsv";
import { aboutOf } from "./anomalies";
import classes from "./anomalies.module.css";
import { slotsTable } from "./files";

const plain = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** The chart of an anomaly as numbers, the latest first; opened by who wants them. */
export function SlotsTable({ anomaly }: { anomaly: Anomaly }) {
  const { workspace } = useSession();
  const { slot, slots, promotion_id, source } = anomaly;
  const name = (at: string) => (slot === "day" ? date : moment)(at, workspace.time_zone);
  return (
    <details className={classes.details}>
      <summary>Show the numbers</summary>
      <section
        className={classes.slots}
        aria-label={`Counted and expected by ${slot}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
      >
        <table className={classes.lines}>
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">Counted</th>
              <th scope="col">Expected</th>
              <th scope="col">Nineteen of twenty lie between</th>
            </tr>
          </thead>
          <tbody>
            {slots.toReversed().map((one) => (
              <tr key={one.at}>
                <th scope="row">{name(one.at)}</th>
                <td>{count(one.actual)}</td>
                <td>{plain.format(one.expected)}</td>
                <td>
                  {count(one.low)} and {count(one.high)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <SaveCsv
        whose={promotion_id ?? source ?? undefined}
        of={`${aboutOf(anomaly)} by ${slot}`.toLowerCase()}
        rows={() => slotsTable(anomaly)}
      />
    </details>
  );
}
