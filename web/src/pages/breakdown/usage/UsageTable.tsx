import type { LimitOverTime } from "../../../api/types";
import { share } from "../../../format";
import { SaveCsv } from "../../../look/SaveCsv";
import { limitAmount, limitName } from "../../../look/usage";
import lines from "../lines/lines.module.css";
import { label } from "../words";
import { usageTable } from "./file";

interface Props {
  promotionId: string;
  limit: LimitOverTime;
}

/** The same as the chart, as numbers, the latest day first. */
export function UsageTable({ promotionId, limit }: Props) {
  const { usage, currency, days } = limit;
  const said = (amount: string) => limitAmount(usage, amount, currency);
  const whole = Number(usage.limit);
  // What a percentage costs is not known before it is redeemed: nothing is committed of it.
  const isCommitted = days.some((one) => Number(one.committed) > 0);
  return (
    <>
      <section
        className={`${lines.scroll} ${lines.tall}`}
        aria-label={`${limitName(usage)} by day`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
      >
        <table className={lines.table}>
          <thead>
            <tr>
              <th scope="col">Day</th>
              {isCommitted && <th scope="col">Committed</th>}
              <th scope="col">Redeemed</th>
              {isCommitted && <th scope="col">Committed so far</th>}
              <th scope="col">Redeemed so far</th>
              <th scope="col">Of the limit</th>
            </tr>
          </thead>
          <tbody>
            {days.toReversed().map((one) => {
              const used = Math.max(Number(one.committed_so_far), Number(one.redeemed_so_far));
              return (
                <tr key={one.day}>
                  <th scope="row">{label("day", one.day)}</th>
                  {isCommitted && <td>{said(one.committed)}</td>}
                  <td>{said(one.redeemed)}</td>
                  {isCommitted && <td>{said(one.committed_so_far)}</td>}
                  <td>{said(one.redeemed_so_far)}</td>
                  <td>{whole > 0 ? share(used / whole) : ""}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
      <footer className={lines.below}>
        <p>
          {usage.window === "lifetime"
            ? "So far is all that came up to the end of the day."
            : `So far is what came in the ${NOUN[usage.window]} up to the end of the day.`}
        </p>
        <SaveCsv
          whose={promotionId}
          of={`${limitName(usage).toLowerCase()} by day`}
          rows={() => usageTable(limit)}
        />
      </footer>
    </>
  );
}

const NOUN: Record<string, string> = { daily: "day", weekly: "week", monthly: "month" };
