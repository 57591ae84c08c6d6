/** The comparison by effect: asked for, put in words, and drawn on one scale. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { ComparedPromotion, Comparison } from "../../api/types";
import { money, share } from "../../format";
import { reasonOf, signed } from "../breakdown/returned";

/** What promotions are ordered by, the best first. */
export const FIGURES = ["rate", "cost", "uplift", "roi"] as const;
export type Figure = (typeof FIGURES)[number];

const SORTS: Record<Figure, string> = {
  rate: "-rate",
  cost: "cost_per_redemption",
  uplift: "-uplift",
  roi: "-roi",
};

export const NAMES: Record<Figure, string> = {
  rate: "Rate",
  cost: "Cost per redemption",
  uplift: "Uplift",
  roi: "ROI",
};

interface Asked {
  /** Without any: all that are active. */
  ids: readonly string[];
  figure: Figure;
  measure: string;
}

export function useComparison({ ids, figure, measure }: Asked) {
  const words = ids.length > 0 ? { promotions: ids.join(",") } : { status: "active" };
  return useQuery({
    queryKey: ["breakdown", "compare", ...ids, figure, measure],
    queryFn: ({ signal }) =>
      api<Comparison>("/v1/compare", {
        query: { ...words, sort: SORTS[figure], measure },
        signal,
      }),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
}

/** A figure as it is written and drawn. `why` says why there is none. */
export interface Shown {
  text: string | null;
  value: number | null;
  ends: readonly [number, number] | null;
  endsText: string | null;
  why: string | null;
}

const NONE: Shown = { text: null, value: null, ends: null, endsText: null, why: null };

export function shownOf(figure: Figure, one: ComparedPromotion): Shown {
  if (figure === "rate") return rateOf(one);
  if (figure === "cost") return costOf(one);
  return figure === "uplift" ? upliftOf(one) : roiOf(one);
}

function rateOf({ rate, interval, display, enough }: ComparedPromotion): Shown {
  if (rate === null) return { ...NONE, why: "No redemption data yet" };
  const endsText = interval && `${share(interval[0])} to ${share(interval[1])}`;
  return enough
    ? { text: display, value: rate, ends: interval, endsText, why: null }
    : { ...NONE, text: display, endsText: "too few to compare" };
}

function costOf({ cost_per_redemption: { value, units } }: ComparedPromotion): Shown {
  const [first] = Object.entries(value).filter(([, amount]) => Number(amount) !== 0);
  const [unit] = Object.entries(units);
  if (first) return { ...NONE, text: money(first[1], first[0]), value: Number(first[1]) };
  if (unit) return { ...NONE, text: `${Math.round(Number(unit[1]) * 10) / 10} ${unit[0]}` };
  const zero = Object.keys(value)[0];
  if (zero) return { ...NONE, text: money("0", zero), value: 0 };
  return { ...NONE, why: "Nothing redeemed yet" };
}

function upliftOf({ return: { uplift, reason } }: ComparedPromotion): Shown {
  if (!uplift) return { ...NONE, why: notComputable(reason) };
  const [low, high] = uplift.interval;
  return {
    text: money(uplift.per_customer, uplift.currency),
    value: Number(uplift.per_customer),
    ends: [Number(low), Number(high)],
    endsText: `${money(low, uplift.currency)} to ${money(high, uplift.currency)}`,
    why: null,
  };
}

function roiOf({ return: { roi, roi_reason: reason } }: ComparedPromotion): Shown {
  if (!roi) return { ...NONE, why: notComputable(reason) };
  const endsText = `${signed(roi.interval[0])} to ${signed(roi.interval[1])}`;
  return { text: signed(roi.value), value: roi.value, ends: roi.interval, endsText, why: null };
}

const notComputable = (reason: string | null) => `Not computable: ${reasonOf(reason).name}`;

/** The ends of a scale on which all of these lie, zero included. */
export function scaleOf(all: readonly Shown[]): readonly [number, number] {
  const ends = all.flatMap(({ value, ends: both }) =>
    value === null ? [] : [value, ...(both ?? [])],
  );
  const [low, high] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  return low === high ? [0, 1] : [low, high];
}
