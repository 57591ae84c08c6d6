import { count, interval } from "../../format";
import { SaveCsv } from "../../look/SaveCsv";
import effect from "./effect.module.css";
import { generosityTable } from "./files";
import { amount, type Given } from "./generosity";

/** The points of the chart as numbers, for those who do not see it; opened by who wants them. */
export function GenerosityTable({ points }: { points: readonly Given[] }) {
  const rows = points.toSorted((a, b) => b.reward - a.reward);
  return (
    <details className={effect.details}>
      <summary>Show the numbers</summary>
      <section
        className={effect.scroll}
        aria-label="Rewards and rates"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
      >
        <table className={effect.table}>
          <thead>
            <tr>
              <th scope="col">Promotion or tier</th>
              <th scope="col">Reward</th>
              <th scope="col">Rate</th>
              <th scope="col">95% interval</th>
              <th scope="col">Redeemed</th>
              <th scope="col">Assigned</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((one) => (
              <tr key={`${one.promotion} ${one.name}`}>
                <th scope="row">
                  {one.name === one.promotion ? one.name : `${one.promotion}: ${one.name}`}
                </th>
                <td>{amount(one.reward, one.unit)}</td>
                <td>{one.display}</td>
                <td>{one.interval && interval(one.interval)}</td>
                <td>{count(one.redeemed)}</td>
                <td>{count(one.assigned)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <SaveCsv of="generosity" rows={() => generosityTable(rows)} />
    </details>
  );
}
