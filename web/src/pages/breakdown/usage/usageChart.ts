/** How a limit came to be used, as ECharts wants it described. Numbers and dates only: tips are HTML. */
import type { EChartsOption, SeriesOption } from "echarts";
import type { LimitOverTime } from "../../../api/types";
import { compact, tickMoney } from "../../../format";
import { LEGEND } from "../../../look/axes";
import { palette } from "../../../look/palette";
import { limitAmount } from "../../../look/usage";
import { tick } from "../time/buckets";
import { label } from "../words";
import type { Ahead } from "./forecast";

const FAINT = "rgba(128, 138, 152, 0.25)";
const MANY = 120;

export interface Drawing {
  limit: LimitOverTime;
  ahead: readonly Ahead[];
  isDark: boolean;
}

/** Whether there is one line only: nothing was committed beside what was redeemed, or nobody knows its worth before. */
export const isOne = ({ days }: LimitOverTime): boolean =>
  days.every((one) => one.committed_so_far === one.redeemed_so_far) ||
  days.every((one) => Number(one.committed) === 0);

export function usageChart(drawing: Drawing): EChartsOption {
  const { limit, ahead } = drawing;
  const last = limit.days.at(-1)?.day ?? "";
  const days = [
    ...limit.days.map(({ day }) => day),
    ...ahead.flatMap(({ day }) => (day > last ? [day] : [])),
  ];
  const { usage, currency } = limit;
  const isMany = days.length > MANY;
  return {
    legend: LEGEND,
    grid: { left: 8, right: 16, top: 40, bottom: isMany ? 44 : 8, containLabel: true },
    xAxis: {
      id: "time",
      type: "category",
      boundaryGap: usage.window === "daily",
      data: days.map((day) => tick(day, "day")),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: FAINT } },
      axisLabel: { hideOverlap: true },
    },
    yAxis: {
      id: "used",
      type: "value",
      min: 0,
      max: top(drawing),
      minInterval: usage.measure === "reward" ? undefined : 1, // half a redemption is none
      splitLine: { showMaxLine: false, lineStyle: { color: FAINT } },
      axisLabel: {
        showMaxLabel: false,
        formatter: (value: number) => (currency ? tickMoney(value, currency) : compact(value)),
      },
    },
    dataZoom: isMany ? [{ id: "zoom", type: "slider", height: 22, bottom: 6 }] : [],
    tooltip: {
      trigger: "axis",
      confine: true,
      formatter: (points) => {
        const [point] = Array.isArray(points) ? points : [points];
        const [at = -1] = Array.isArray(point?.value) ? point.value : [];
        return tip(drawing, days[Number(at)]);
      },
    },
    series: series(drawing, days),
  };
}

/** A little room above what is drawn, the limit among it. */
function top({ limit: { usage, days }, ahead }: Drawing): number {
  const drawn = days.flatMap((one) => [Number(one.committed_so_far), Number(one.redeemed_so_far)]);
  return Math.max(Number(usage.limit), ...drawn, ...ahead.map(({ used }) => used)) * 1.08;
}

function series(drawing: Drawing, days: readonly string[]): SeriesOption[] {
  const { limit, ahead, isDark } = drawing;
  const [accent = "blue", other = "green"] = palette(isDark);
  const at = new Map(days.map((day, index) => [day, index]));
  const lines = [
    side(limit, "Committed", accent, points(limit, "committed")),
    side(limit, "Redeemed", other, points(limit, "redeemed")),
  ].slice(isOne(limit) ? 1 : 0);
  const [first, ...rest] = lines;
  const used = [{ ...first, ...across(drawing) } as SeriesOption, ...rest];
  if (ahead.length === 0) return used;
  const forecast: SeriesOption = {
    id: "forecast",
    name: "Forecast",
    type: "line",
    color: isDark ? "#c2c9d2" : "#4a515a",
    symbol: "circle",
    showSymbol: ahead.length === 1,
    showAllSymbol: true,
    symbolSize: 8,
    lineStyle: { width: 2, type: "dashed" },
    z: 5,
    data: ahead.map(({ day, used }) => [at.get(day) ?? -1, used]),
  };
  return [...used, forecast];
}

type Point = [index: number, used: number];

/** What was used up to each day. With a window it begins anew: there the line falls to nothing, and does not slant. */
function points({ usage, days }: LimitOverTime, side: "committed" | "redeemed"): Point[] {
  const found: Point[] = [];
  let before = 0;
  for (const [index, one] of days.entries()) {
    const soFar = Number(one[`${side}_so_far`]);
    const carried = soFar - Number(one[side]);
    const isAnew = before !== 0 && Math.abs(carried) < Math.abs(before) * 1e-9;
    if (isAnew && usage.window !== "daily") found.push([index - 1, 0]);
    found.push([index, soFar]);
    before = soFar;
  }
  return found;
}

function side({ usage }: LimitOverTime, name: string, color: string, data: Point[]): SeriesOption {
  const its = { id: name, name, color, data };
  if (usage.window === "daily")
    return { ...its, type: "bar", barMaxWidth: 18, itemStyle: { borderRadius: [3, 3, 0, 0] } };
  return {
    ...its,
    type: "line",
    symbol: "circle",
    showSymbol: data.length === 1,
    lineStyle: { width: 2 },
    areaStyle: { opacity: name === "Redeemed" ? 0.14 : 0 },
  };
}

/** The limit, across. */
function across({ limit: { usage, currency }, isDark }: Drawing) {
  const color = isDark ? "#ff8f8f" : "#c92a2a";
  return {
    markLine: {
      silent: true,
      symbol: "none",
      lineStyle: { color, type: "solid" as const, width: 1.5 },
      label: {
        formatter: `Limit ${limitAmount(usage, usage.limit, currency)}`,
        position: "insideStartTop" as const,
        color,
        fontSize: 12,
      },
      data: [{ yAxis: Number(usage.limit) }],
    },
  };
}

function tip({ limit, ahead }: Drawing, day: string | undefined): string {
  if (!day) return "";
  const { usage, currency } = limit;
  const said = (amount: string) => limitAmount(usage, amount, currency);
  const known = limit.days.find((one) => one.day === day);
  const then = ahead.find((one) => one.day === day);
  const lines = [`<b>${label("day", day)}</b>`];
  if (known) {
    if (!isOne(limit))
      lines.push(`${said(known.committed_so_far)} committed, ${said(known.committed)} that day`);
    lines.push(`${said(known.redeemed_so_far)} redeemed, ${said(known.redeemed)} that day`);
  }
  if (then && (!known || usage.window === "daily"))
    lines.push(`${said(then.used.toFixed(currency ? 2 : 0))} by the forecast`);
  return lines.join("<br>");
}
