import { Skeleton } from "@mantine/core";
import { Link } from "react-router";
import { useSession } from "../../../api/session";
import type { Budget } from "../../../api/types";
import { count, DASH, date, money, share } from "../../../format";
import { CsvLink } from "../../../look/CsvLink";
import { Failure } from "../../../look/Failure";
import look from "../../../look/look.module.css";
import { Section } from "../../../look/Section";
import { usePacing } from "../asked";
import classes from "../decisioning.module.css";
import { amountOf } from "../words";

/** How the budgets are paced: what is left, until when, and what one more unit of each is worth. */
export function BudgetSection() {
  const { data, error, refetch } = usePacing();
  if (error && !data) return <Failure error={error} again={refetch} />;
  return (
    <Section
      title="Budgets and their prices"
      about="A budget that would be gone before its time gets a shadow price: what one unit of it would bring elsewhere. Offers worth less than that are held back, so that it is spent where it is worth most."
      isFlush={Boolean(data?.items.length)}
      aside={
        data && data.items.length > 0 && <CsvLink path="/v1/decisioning/pacing" of="budgets" />
      }
    >
      {!data && <Skeleton height={160} />}
      {data?.items.length === 0 && (
        <p className={classes.quiet}>No running promotion has a lifetime budget.</p>
      )}
      {data && data.items.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section className={classes.scroll} aria-label="Budgets" tabIndex={0}>
          <table className={classes.table} data-flush>
            <thead>
              <tr>
                <th scope="col">Promotion</th>
                <th scope="col">Used or promised</th>
                <th scope="col" className={classes.number}>
                  Left
                </th>
                <th scope="col" className={classes.number}>
                  Shadow price
                </th>
                <th scope="col" className={classes.number}>
                  Decisions to come
                </th>
                <th scope="col" className={classes.number}>
                  Ends
                </th>
              </tr>
            </thead>
            <tbody>
              {[...data.items]
                .sort((a, b) => Number(b.moved_at !== null) - Number(a.moved_at !== null))
                .map((one) => (
                  <Line key={one.promotion_id} one={one} />
                ))}
            </tbody>
          </table>
        </section>
      )}
    </Section>
  );
}

function Line({ one }: { one: Budget }) {
  const { workspace } = useSession();
  const { promotion_id: id, budget, left, currency, price } = one;
  const used = 1 - Number(left) / Number(budget); // for the bar only
  const level = used >= 1 ? "over" : used >= 0.9 ? "near" : undefined;
  return (
    <tr>
      <th scope="row">
        <Link to={`/promotions/${encodeURIComponent(id)}`}>{id}</Link>
      </th>
      <td style={{ minWidth: 150 }}>
        <span className={look.limitText}>
          <small>of {amountOf(budget, currency)}</small>
          <b>{share(used)}</b>
        </span>
        <span className={look.track} data-level={level}>
          <span
            className={look.redeemed}
            style={{ width: share(Math.min(1, Math.max(0, used))) }}
          />
        </span>
      </td>
      <td className={classes.number}>{amountOf(left, currency)}</td>
      <td className={classes.number}>
        {price > 0 ? (
          money(price.toFixed(2), workspace.currency)
        ) : one.moved_at ? (
          <span className={classes.quiet}>0: plenty left</span>
        ) : (
          <span className={classes.quiet}>not decided on</span>
        )}
      </td>
      <td className={classes.number}>
        {one.decisions_left === null ? DASH : count(one.decisions_left)}
      </td>
      <td className={classes.number}>
        {one.ends_at ? date(one.ends_at, workspace.time_zone) : "no end"}
      </td>
    </tr>
  );
}
