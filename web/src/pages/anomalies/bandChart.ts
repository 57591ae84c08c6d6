/** What was counted on the band in which it was expected, as ECharts wants it described. */
import dayjs from "dayjs";
import type { EChartsOption, SeriesOption } from "echarts";
import type { Anomaly } from "../../api/types";
import { compact, count } from "../../format";
import { axisColour, slotAxis } from "../../look/axes";
import { palette } from "../../look/palette";

export type Slot = Anomaly["slots"][number];

export interface Drawing {
  /** In order; null where there is nothing between. */
  slots: readonly (Slot | null)[];
  slot: Anomaly["slot"];
  /** Whether it belongs to an anomaly. */
  isIn: (slot: Slot) => boolean;
  zone: string;
  isDark: boolean;
}

const about = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

export function bandChart(drawing: Drawing): EChartsOption {
  const { slots, slot, zone, isDark } = drawing;
  const line = axisColour(isDark);
  const form = slot === "day" ? "D MMM" : "D MMM, HH:mm";
  const labels = slots.map((one) => (one ? dayjs(one.at).tz(zone).format(form) : ""));
  return {
    grid: { left: 4, right: 12, top: 12, bottom: 4, containLabel: true },
    xAxis: { ...slotAxis(labels, line), boundaryGap: false },
    yAxis: {
      type: "value",
      minInterval: 1,
      splitNumber: 3,
      axisLabel: { formatter: compact },
      splitLine: { lineStyle: { color: line } },
    },
    tooltip: {
      trigger: "axis",
      confine: true,
      formatter: (points) => {
        const [point] = Array.isArray(points) ? points : [points];
        const at = point?.dataIndex ?? 0;
        const one = slots[at];
        if (!one) return "";
        const band = `${about.format(one.expected)} expected, ${count(one.low)} to ${count(one.high)} is no surprise`;
        return [`<b>${labels[at]}</b>`, `${count(one.actual)} counted`, band].join("<br>");
      },
    },
    series: series(drawing),
  };
}

function series({ slots, isIn, isDark }: Drawing): SeriesOption[] {
  const [accent = "blue"] = palette(isDark);
  const bad = isDark ? "#ff8f8f" : "#c92a2a";
  const band = {
    type: "line",
    stack: "band",
    symbol: "none",
    silent: true,
    color: accent,
    lineStyle: { opacity: 0 },
  } as const;
  const of = (wanted: (slot: Slot, at: number) => boolean) =>
    slots.map((one, at) => (one && wanted(one, at) ? one.actual : null));
  const before = (at: number) => slots[at - 1] ?? null;
  // The line goes on to where an anomaly begins, so that both meet.
  const isOut = (one: Slot, at: number) => {
    const last = before(at);
    return !isIn(one) || last === null || !isIn(last);
  };
  return [
    { ...band, id: "low", name: "Least", data: slots.map((one) => one?.low ?? null) },
    {
      ...band,
      id: "high",
      name: "No surprise",
      areaStyle: { opacity: 0.16 },
      data: slots.map((one) => (one ? one.high - one.low : null)),
    },
    {
      id: "expected",
      name: "Expected",
      type: "line",
      symbol: "none",
      silent: true,
      color: accent,
      lineStyle: { width: 1.5, type: "dashed", opacity: 0.75 },
      z: 3,
      data: slots.map((one) => one?.expected ?? null),
    },
    {
      id: "actual",
      name: "Counted",
      type: "line",
      symbol: "none",
      color: accent,
      lineStyle: { width: 2 },
      z: 4,
      data: of(isOut),
    },
    {
      id: "since",
      name: "In an anomaly",
      type: "line",
      symbol: "none",
      color: bad,
      lineStyle: { width: 2.5 },
      z: 5,
      data: of(isIn),
    },
  ];
}
