/** What a promotion brought: asked for, and put in words. */
import { useQuery } from "@tanstack/react-query";
import { api, promotionPath } from "../../api/client";
import type { Return } from "../../api/types";
import { share } from "../../format";
import { keyOf, useKnown } from "../known/useKnown";

export const MEASURES = [
  { value: "order_value", label: "Order value" },
  { value: "margin", label: "Margin" },
  { value: "deposit", label: "Deposits" },
];

export function useReturn(id: string, measure: string) {
  const [known] = useKnown();
  return useQuery({
    ...keyOf(known, "breakdown", id, "return", measure),
    queryFn: ({ signal }) =>
      api<Return>(promotionPath(id, "return"), { query: { measure, as_of: known }, signal }),
  });
}

interface Reason {
  name: string;
  next: string;
}

const REASONS: Record<string, Reason> = {
  no_control_group: {
    name: "no control group",
    next: "Assign a random share of customers with control: true and leave them without the offer. Only they show what would have happened anyway.",
  },
  no_outcomes: {
    name: "no outcomes",
    next: "Send what customers did, those of the control group too, to POST /v1/outcomes. Order values of redemptions do not do: the control group has none.",
  },
  too_few: {
    name: "too few customers",
    next: "It takes 30 customers in each group whose horizon has closed. Wait, or assign more.",
  },
  no_cost: {
    name: "no cost in money",
    next: "Nothing was spent on these customers, or rewards are units. Give the reward a value in money.",
  },
  mixed_currencies: {
    name: "several currencies",
    next: "Nothing is converted. Send outcomes in one currency, that of the rewards.",
  },
};

export const reasonOf = (reason: string | null): Reason =>
  REASONS[reason ?? ""] ?? { name: reason ?? "unknown", next: "" };

/** "+20%", "-5%": what is no share of anything has its sign. */
export const signed = (value: number): string => `${value > 0 ? "+" : ""}${share(value)}`;

export const between = ([low, high]: readonly number[]): string =>
  `95% interval ${signed(low ?? 0)} to ${signed(high ?? 0)}`;
