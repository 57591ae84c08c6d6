import type { ReactNode } from "react";
import type { Line } from "../../../api/types";
import { count } from "../../../format";
import { Amounts } from "../Amounts";
import type { Comparison } from "./comparing";
import { LineRate } from "./LineRate";
import type { Sortable } from "./sorting";

export interface Column extends Sortable<Line> {
  title: string;
  show: (line: Line, comparison: Comparison) => ReactNode;
}

type Count = "assigned" | "redeemed" | "redemptions" | "excess" | "unassigned" | "reversed";

function counted(id: Count, title: string): Column {
  return { id, title, worth: (line) => line[id], show: (line) => count(line[id]) };
}

/** The largest amount; of several currencies the first, for they cannot be compared. */
const worthOf = (...sums: Record<string, string>[]): number | null => {
  const [amount] = sums.flatMap((one) => Object.values(one)).filter((text) => Number(text) !== 0);
  return amount === undefined ? 0 : Number(amount);
};

const RATE: Column = {
  id: "rate",
  title: "Redemption rate",
  worth: (line) => line.rate,
  show: (line, comparison) => <LineRate line={line} comparison={comparison} />,
};

const COST: Column = {
  id: "cost",
  title: "Reward cost",
  worth: (line) => worthOf(line.reward_cost, line.reward_units),
  show: (line) => <Amounts money={line.reward_cost} units={line.reward_units} />,
};

const ORDERS: Column = {
  id: "orders",
  title: "Order value",
  worth: (line) => worthOf(line.order_value),
  show: (line) => <Amounts money={line.order_value} />,
};

const ASSIGNED = counted("assigned", "Assigned");
const REDEEMED = counted("redeemed", "Redeemed");
const REDEMPTIONS = counted("redemptions", "Redemptions");

/** The columns of rows that have a denominator of their own. */
export const RATED = [RATE, ASSIGNED, REDEEMED, REDEMPTIONS, COST, ORDERS];

/** Of rows that have no rate: nothing was reported yet, or each is of too few assignments, as personal codes are. */
export const UNRATED = [ASSIGNED, REDEEMED, REDEMPTIONS, COST, ORDERS];

/** Of rows by outcome. */
export const BY_OUTCOME = [ASSIGNED, REDEMPTIONS, COST, ORDERS];

/** Of rows by the day of redemption. */
export const BY_REDEMPTION = [
  REDEMPTIONS,
  REDEEMED,
  counted("excess", "Excess"),
  counted("unassigned", "Unassigned"),
  counted("reversed", "Reversed"),
  COST,
  ORDERS,
];

/** The first column: what a row is called. */
export function named(title: string, name: (line: Line) => string): Column {
  return { id: "name", title, isText: true, worth: name, show: name };
}
