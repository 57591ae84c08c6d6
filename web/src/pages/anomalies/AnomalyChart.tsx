import { useComputedColorScheme } from "@mantine/core";
import dayjs from "dayjs";
import type { EChartsOption, SeriesOption } from "echarts";
import { memo, useMemo } from "react";
import { useSession } from "../../api/session";
import type { Anomaly } from "../../api/types";
import { compact, count } from "../../format";
import { Chart } from "../../look/Chart";
import { palette } from "../../look/palette";

const HEIGHT = 200;

/** What was counted, on the band in which it was expected. */
export const AnomalyChart = memo(function AnomalyChart({ anomaly }: { anomaly: Anomaly }) {
  const { workspace } = useSession();
  const isDark = useComputedColorScheme("light") === "dark";
  const option = useMemo(
    () => drawn(anomaly, workspace.time_zone, isDark),
    [anomaly, workspace.time_zone, isDark],
  );
  return (
    <Chart title={`Counted and expected by ${anomaly.slot}`} option={option} height={HEIGHT} />
  );
});

function drawn({ slots, slot, began_at }: Anomaly, zone: string, isDark: boolean): EChartsOption {
  const line = isDark ? "#2c3139" : "#e3e6ea";
  const form = slot === "day" ? "D MMM" : "D MMM, HH:mm";
  const labels = slots.map(({ at }) => dayjs(at).tz(zone).format(form));
  const began = slots.filter(({ at }) => at <= began_at).length - 1;
  return {
    grid: { left: 4, right: 12, top: 12, bottom: 4, containLabel: true },
    xAxis: {
      type: "category",
      boundaryGap: false,
      data: labels,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: line } },
      axisLabel: { hideOverlap: true, margin: 12, alignMaxLabel: "right" },
    },
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
        const band = `${count(one.low)} to ${count(one.high)} expected`;
        return [`<b>${labels[at]}</b>`, `${count(one.actual)} counted`, band].join("<br>");
      },
    },
    series: series(slots, began, isDark),
  };
}

function series(slots: Anomaly["slots"], began: number, isDark: boolean): SeriesOption[] {
  const [accent = "blue"] = palette(isDark);
  const bad = isDark ? "#ff8f8f" : "#c92a2a";
  const band = {
    type: "line",
    stack: "band",
    symbol: "none",
    silent: true,
    color: accent,
  } as const;
  const start = Math.max(0, began);
  return [
    { ...band, id: "low", name: "Least", lineStyle: { opacity: 0 }, data: slots.map((s) => s.low) },
    {
      ...band,
      id: "high",
      name: "Expected",
      lineStyle: { opacity: 0 },
      areaStyle: { opacity: 0.16 },
      data: slots.map((s) => s.high - s.low),
    },
    {
      id: "actual",
      name: "Counted",
      type: "line",
      symbol: "none",
      color: accent,
      lineStyle: { width: 2 },
      z: 4,
      data: slots.map((s, at) => (at <= start ? s.actual : null)),
    },
    {
      id: "since",
      name: "Since it began",
      type: "line",
      symbol: "none",
      color: bad,
      lineStyle: { width: 2.5 },
      z: 5,
      data: slots.map((s, at) => (at >= start ? s.actual : null)),
    },
  ];
}
