import { memo, type ReactNode } from "react";
import { Link, useLocation } from "react-router";
import { useSession } from "../../api/session";
import type { Promotion } from "../../api/types";
import {
  amounts,
  capital,
  compact,
  count,
  DASH,
  instant,
  moment,
  money,
  shortMoney,
} from "../../format";
import { Ago } from "../../look/Ago";
import { RateCell } from "../../look/RateCell";
import { Sparkline } from "../../look/Sparkline";
import { StatusTag } from "../../look/Tag";
import { UsageBars } from "../../look/UsageBars";
import type { ColumnId } from "./columnIds";
import { Moved } from "./Moved";
import classes from "./promotions.module.css";
import { KIND_SHORT } from "./words";

interface Props {
  promotion: Promotion;
}

type Cell = (props: Props) => ReactNode;

/** The name, which leads to the breakdown as the rate does, with the id and the code below. */
const Name: Cell = ({ promotion }) => {
  const { search } = useLocation();
  const { promotion_id: id, name, code } = promotion;
  return (
    <span className={classes.name}>
      <Link
        to={{ pathname: `/promotions/${encodeURIComponent(id)}`, search }}
        tabIndex={-1}
        title={name}
      >
        {name}
      </Link>
      <small title={code && code !== id ? `Id ${id}, code ${code}` : `Id ${id}`}>
        {id}
        {code && code !== id && ` · ${code}`}
      </small>
    </span>
  );
};

const Rate: Cell = ({ promotion }) => (
  <Moved value={promotion.figures.display}>
    <span className={classes.rate}>
      <RateCell promotion={promotion} />
    </span>
  </Moved>
);

const Trend: Cell = ({ promotion: { trend, figures } }) =>
  trend && figures.state !== "no_data" ? (
    <Sparkline
      values={trend}
      width={80}
      label={`Redemptions a day in the last ${trend.length} days; today ${count(trend.at(-1) ?? 0)}`}
    />
  ) : (
    <Nothing />
  );

const BudgetAndCaps: Cell = ({ promotion }) => (
  <Moved value={promotion.figures.usage.map((one) => `${one.committed} ${one.redeemed}`).join()}>
    <UsageBars promotion={promotion} />
  </Moved>
);

/** Money in the workspace's currency first, then other currencies, then units, which are never added to money. */
export function Amounts({ by, units = {} }: { by: Sums; units?: Sums }) {
  const { workspace } = useSession();
  const said = [
    ...amounts(by, workspace.currency).map(([currency, amount]) => ({
      brief: fitting(amount, currency),
      exact: money(amount, currency),
      isNone: Number(amount) === 0,
    })),
    ...amounts(units, "").map(([unit, amount]) => ({
      brief: `${compact(Number(amount))} ${unit}`,
      exact: `${amount} ${unit}`,
      isNone: Number(amount) === 0,
    })),
  ];
  if (said.length === 0) return <Nothing />;
  return (
    <Moved value={said.map((one) => one.brief).join()}>
      <span className={classes.amounts} title={said.map((one) => one.exact).join("\n")}>
        {said.map((one) => (
          <span key={one.brief} className={one.isNone ? classes.nothing : undefined}>
            {one.brief}
          </span>
        ))}
      </span>
    </Moved>
  );
}

/** Money as it fits a column; all of its digits stand in the title. */
function fitting(amount: string, currency: string): string {
  const text = money(amount, currency, true);
  return text.length > MOST_LETTERS ? shortMoney(amount, currency) : text;
}

/** "€9,999,999" fits the narrowest column of money. */
const MOST_LETTERS = 10;

type Sums = Record<string, string>;

const Nothing = () => <span className={classes.nothing}>{DASH}</span>;

/** A cell with one whole number. */
function number(pick: (promotion: Promotion) => number): Cell {
  return ({ promotion }) => {
    const value = pick(promotion);
    return (
      <Moved value={value}>
        <span className={value === 0 ? classes.nothing : undefined}>{count(value)}</span>
      </Moved>
    );
  };
}

/** A cell with a date and time in the workspace's zone. */
function time(pick: (promotion: Promotion) => string | null): Cell {
  return ({ promotion }) => {
    const { workspace } = useSession();
    const at = pick(promotion);
    if (at === null) return <Nothing />;
    return (
      <time dateTime={at} title={instant(at, workspace.time_zone)}>
        {moment(at, workspace.time_zone)}
      </time>
    );
  };
}

const LastEvent: Cell = ({ promotion: { figures } }) =>
  figures.last_event_at ? <Ago at={figures.last_event_at} /> : <Nothing />;

/** What stands in each column. Each is drawn again only when its promotion has changed. */
export const CELLS: Record<ColumnId, Cell> = {
  name: memo(Name),
  kind: ({ promotion }) => KIND_SHORT[promotion.kind] ?? capital(promotion.kind),
  status: ({ promotion }) => <StatusTag status={promotion.status} />,
  assigned: memo(number((one) => one.figures.assigned)),
  rate: memo(Rate),
  trend: memo(Trend),
  usage: memo(BudgetAndCaps),
  redemptions: memo(number((one) => one.figures.redemptions)),
  reward_cost: memo(({ promotion: { figures } }: Props) => (
    <Amounts by={figures.reward_cost} units={figures.reward_units} />
  )),
  last_event_at: memo(LastEvent),
  customers: memo(number((one) => one.figures.customers.assigned)),
  excess: memo(number((one) => one.figures.excess)),
  unassigned: memo(number((one) => one.figures.unassigned)),
  flagged: memo(number((one) => one.figures.flagged)),
  pending: memo(number((one) => one.figures.pending)),
  reversed: memo(number((one) => one.figures.reversed)),
  order_value: memo(({ promotion: { figures } }: Props) => <Amounts by={figures.order_value} />),
  starts_at: memo(time((one) => one.starts_at)),
  ends_at: memo(time((one) => one.ends_at)),
  tracked_since: memo(time((one) => one.figures.tracked_since)),
  created_at: memo(time((one) => one.created_at)),
};
