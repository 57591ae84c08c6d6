/** What a reward's value does to its rate: a chart and a sentence. */
import type { EChartsOption } from "echarts";
import type { Line, Promotion } from "../../api/types";
import { count, interval } from "../../format";
import { palette } from "../../look/palette";
import { whiskers } from "./time/whiskers";
import { rewardText } from "./words";

export interface Point {
  name: string;
  value: string;
  line: Line;
}

type Reward = Promotion["reward"];

const FAINT = { splitLine: { lineStyle: { color: "rgba(128, 138, 152, 0.18)" } } };

export function generosityChart(
  points: readonly Point[],
  reward: Reward,
  isDark: boolean,
): EChartsOption {
  const [accent = "blue"] = palette(isDark);
  const values = points.map(({ value }) => Number(value));
  return {
    grid: { left: 8, right: 32, top: 28, bottom: 28, containLabel: true },
    tooltip: { trigger: "item", confine: true, formatter: tip(points, reward) },
    xAxis: {
      id: "reward",
      type: "value",
      name: "Reward of an assignment",
      nameLocation: "middle",
      nameGap: 28,
      min: 0,
      max: Math.max(0, ...values) * 1.15,
      splitLine: { show: false },
      axisLine: { lineStyle: { color: "rgba(128, 138, 152, 0.4)" } },
      axisTick: { show: false },
      axisLabel: {
        customValues: values,
        hideOverlap: true,
        formatter: (value: number) => rewardText(String(value), reward) ?? "",
      },
    },
    yAxis: {
      id: "rate",
      type: "value",
      min: 0,
      ...FAINT,
      axisLabel: { formatter: (value: number) => `${Math.round(value * 100)}%` },
    },
    series: [
      whiskers(
        "interval",
        accent,
        points.flatMap(({ value, line: { interval: ends } }) =>
          ends ? [[Number(value), ends[0], ends[1]] as [number, number, number]] : [],
        ),
      ),
      {
        id: "rate",
        name: "Redemption rate",
        type: "line",
        color: accent,
        symbol: "circle",
        symbolSize: 10,
        lineStyle: { opacity: 0 },
        label: {
          show: true,
          position: "right",
          distance: 10,
          formatter: ({ dataIndex }) => points[dataIndex]?.name ?? "",
          color: "inherit",
        },
        data: points.map(({ value, line }) => [Number(value), line.rate]),
      },
    ],
  };
}

const escaped = (text: string) =>
  text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

function tip(points: readonly Point[], reward: Reward) {
  return (at: { dataIndex?: number } | { dataIndex?: number }[]): string => {
    const point = points[Array.isArray(at) ? -1 : (at.dataIndex ?? -1)];
    if (!point) return "";
    const { name, value, line } = point;
    const lines = [
      `<b>${escaped(name)}, ${escaped(rewardText(value, reward) ?? value)}</b>`,
      `<b>${escaped(line.display)}</b>`,
      `${count(line.redeemed)} of ${count(line.assigned)} assignments redeemed`,
      line.interval ? `95% interval ${interval(line.interval)}` : "",
    ];
    return lines.filter(Boolean).join("<br>");
  };
}

/** What the figures say of the least and the most generous tier, and what they do not say. */
export function finding(points: readonly Point[], reward: Reward): string {
  const known = points.filter(({ line }) => line.enough && line.interval);
  const [least, most] = [known.at(0), known.at(-1)];
  if (!least?.line.interval || !most?.line.interval || least === most)
    return "Not enough assignments in two tiers to compare them yet.";
  const said = ({ name, value, line }: Point) =>
    `${name} (${rewardText(value, reward) ?? value}) at ${line.display}`;
  if (least.line.interval[1] < most.line.interval[0])
    return `The most generous tier is taken up more: ${said(most)}, ${said(least)}. Tiers reach different customers, so the reward need not be the reason.`;
  if (most.line.interval[1] < least.line.interval[0])
    return `The most generous tier is taken up less: ${said(most)}, ${said(least)}. Tiers reach different customers, so the reward need not be the reason.`;
  return `No clear difference between the least and the most generous tier: ${said(least)}, ${said(most)}; their intervals overlap.`;
}
