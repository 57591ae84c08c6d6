/** What promotions, or their tiers, give against the rate at which it is taken up: a scatter with labels. */
import type { EChartsOption } from "echarts";
import type { ComparedPromotion } from "../../api/types";
import { count, interval, money } from "../../format";
import { whiskers } from "../breakdown/time/whiskers";
import { sidesOf } from "./labels";

export interface Given {
  /** Of the tier, or of the promotion where all its assignments are taken together. */
  name: string;
  /** Which promotion; points of one have its colour. */
  promotion: string;
  reward: number;
  /** The reward as it was told. */
  exact: string;
  /** A currency or a unit. */
  unit: string;
  rate: number;
  interval: readonly [number, number] | null;
  display: string;
  assigned: number;
  redeemed: number;
}

/** Those with a reward that has a value and enough assignments for a rate. */
export function pointsOf(items: readonly ComparedPromotion[], isByTier: boolean): Given[] {
  return items.flatMap((one) => {
    const { name: promotion, reward_in: unit } = one;
    if (!unit) return [];
    const parts = isByTier
      ? one.tiers.map((tier) => ({ ...tier, name: tier.name ?? tier.tier_id ?? "No tier" }))
      : [one];
    return parts.flatMap(({ reward, rate, enough, ...more }) =>
      reward === null || rate === null || !enough
        ? []
        : [{ ...more, promotion, unit, rate, reward: Number(reward), exact: reward }],
    );
  });
}

/** Currencies and units, the most frequent first. */
export function unitsOf(points: readonly Given[]): string[] {
  const times = new Map<string, number>();
  for (const { unit } of points) times.set(unit, (times.get(unit) ?? 0) + 1);
  return [...times].sort(([, a], [, b]) => b - a).map(([unit]) => unit);
}

const isCurrency = (unit: string) => /^[A-Z]{3}$/.test(unit);

export const amount = (reward: number, unit: string): string =>
  isCurrency(unit)
    ? money(String(reward), unit)
    : unit === "%"
      ? `${count(reward)}%`
      : `${count(reward)} ${unit}`;

const FAINT = "rgba(128, 138, 152, 0.18)";
const percent = (value: number) => `${Math.round(value * 1_000) / 10}%`;

export function scatter(points: readonly Given[], unit: string, colours: string[]): EChartsOption {
  const names = [...new Set(points.map(({ promotion }) => promotion))];
  const most = niceMax(points);
  const highest = Math.max(...points.map(({ rate }) => rate)) * 1.1;
  const sides = sidesOf(
    points.map((point) => ({
      x: point.reward / most,
      y: point.rate / highest,
      text: named(point, names.length > 1),
    })),
  );
  return {
    grid: { left: 8, right: 24, top: 28, bottom: 28, containLabel: true },
    tooltip: { trigger: "item", confine: true, formatter: (at) => tip(points, at) },
    xAxis: {
      id: "reward",
      type: "value",
      name: "Reward of an assignment",
      nameLocation: "middle",
      nameGap: 28,
      min: 0,
      max: most,
      splitLine: { show: false },
      axisLabel: {
        hideOverlap: true,
        showMaxLabel: false,
        formatter: (value: number) => amount(value, unit),
      },
    },
    yAxis: {
      id: "rate",
      type: "value",
      min: 0,
      splitLine: { lineStyle: { color: FAINT } },
      axisLabel: { formatter: percent },
    },
    series: names.flatMap((name, index) => {
      const colour = colours[index % colours.length] ?? "gray";
      const own = points.filter(({ promotion }) => promotion === name);
      return [
        whiskers(
          `interval ${index}`,
          colour,
          own.flatMap(({ reward, interval: ends }) =>
            ends ? [[reward, ends[0], ends[1]] as [number, number, number]] : [],
          ),
        ),
        {
          id: `rate ${index}`,
          name,
          type: "line" as const,
          color: colour,
          symbol: "circle",
          symbolSize: 10,
          lineStyle: { opacity: 0 },
          label: {
            show: true,
            distance: 8,
            formatter: ({ dataIndex }: { dataIndex: number }) =>
              named(own[dataIndex], names.length > 1),
            color: "inherit",
          },
          data: own.map((point) => ({
            value: [point.reward, point.rate],
            label: { position: sides[points.indexOf(point)] ?? ("right" as const) },
          })),
        },
      ];
    }),
  };
}

/** More letters of a name would cross the chart; the whole of it is in the tip and in the numbers below. */
const LONGEST = 36;

/** Tiers of several promotions may bear the same name. */
function named(one: Given | undefined, areSeveral: boolean): string {
  if (!one) return "";
  const { name, promotion } = one;
  const text = areSeveral && name !== promotion ? `${promotion}: ${name}` : name;
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

/** Some room at the right of the last point. */
const niceMax = (points: readonly Given[]) =>
  Math.max(1, Math.ceil(Math.max(0, ...points.map(({ reward }) => reward)) * 1.15));

const escaped = (text: string) =>
  text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

interface At {
  seriesName?: string;
  dataIndex?: number;
}

function tip(points: readonly Given[], at: At | At[]): string {
  const { seriesName, dataIndex = -1 } = Array.isArray(at) ? {} : at;
  const point = points.filter(({ promotion }) => promotion === seriesName)[dataIndex];
  if (!point) return "";
  const { name, promotion, reward, unit, display, redeemed, assigned, interval: ends } = point;
  const title = name === promotion ? name : `${promotion}: ${name}`;
  return [
    `<b>${escaped(title)}, ${escaped(amount(reward, unit))}</b>`,
    `<b>${escaped(display)}</b>`,
    `${count(redeemed)} of ${count(assigned)} assignments redeemed`,
    ends ? `95% interval ${interval(ends)}` : "",
  ]
    .filter(Boolean)
    .join("<br>");
}
