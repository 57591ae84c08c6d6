import type { EChartsOption } from "echarts";
import { BarChart, CustomChart, LineChart } from "echarts/charts";
import {
  AriaComponent,
  DataZoomComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
} from "echarts/components";
import { type ECharts, init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import { palette } from "./palette";

use([BarChart, CustomChart, LineChart, SVGRenderer]);
use([
  AriaComponent,
  DataZoomComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
]);

interface Props {
  option: EChartsOption;
  height: number;
  isDark: boolean;
  onPick?: (index: number, series: string) => void;
}

/** The part of a chart that needs the library. */
export default function DrawnChart({ option, height, isDark, onPick }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts>(undefined);
  const picked = useRef(onPick);
  picked.current = onPick;

  useEffect(() => {
    if (!place.current) return;
    const drawn = init(place.current, theme(isDark), { renderer: "svg" });
    chart.current = drawn;
    drawn.on("click", (what) => picked.current?.(what.dataIndex ?? 0, what.seriesName ?? ""));
    const watcher = new ResizeObserver(() => drawn.resize());
    watcher.observe(place.current);
    return () => {
      watcher.disconnect();
      drawn.dispose();
    };
  }, [isDark]);

  useEffect(() => {
    const drawn = chart.current;
    if (!drawn) return;
    const base = { ...look(isDark), aria: readAloud(option) };
    drawn.setOption({ ...base, ...option, ...keptZoom(drawn, option) }, { replaceMerge });
  }, [option, isDark]);

  return <div ref={place} style={{ height }} />;
}

/** What has the same `id` as before moves to its new place; what has none is drawn anew. */
const replaceMerge = ["series", "xAxis", "yAxis", "legend", "dataZoom"];

/** The part that was zoomed into stays when new figures arrive. */
function keptZoom(drawn: ECharts, { dataZoom }: EChartsOption): Pick<EChartsOption, "dataZoom"> {
  const before = drawn.getOption()?.dataZoom;
  if (!Array.isArray(dataZoom) || !Array.isArray(before)) return {};
  const kept = dataZoom.map((one) => {
    const old = before.find(({ id }) => id !== undefined && id === one.id);
    return old ? { ...one, start: old.start, end: old.end } : one;
  });
  return { dataZoom: kept };
}

/** A chart describes itself to those who do not see it; one without a series has to be told what to say. */
function readAloud({ series }: EChartsOption): EChartsOption["aria"] {
  const isEmpty = Array.isArray(series) && series.length === 0;
  return { enabled: true, label: { description: isEmpty ? "Nothing is drawn." : "" } };
}

/** Colours of axes, readable on the surface they lie on. */
function theme(isDark: boolean) {
  const color = textColour(isDark);
  const axis = { axisLabel: { color }, nameTextStyle: { color } };
  return { categoryAxis: axis, valueAxis: axis, timeAxis: axis, legend: { textStyle: { color } } };
}

const textColour = (isDark: boolean) => (isDark ? "#c2c9d2" : "#4a515a");

/** Colours of text, lines and series, readable on the surface they lie on. */
function look(isDark: boolean): EChartsOption {
  return {
    animationDuration: 250,
    backgroundColor: "transparent",
    color: palette(isDark),
    textStyle: { color: textColour(isDark), fontFamily: "Inter Variable, system-ui, sans-serif" },
    tooltip: {
      trigger: "axis",
      confine: true,
      backgroundColor: isDark ? "#23272e" : "#ffffff",
      borderColor: isDark ? "#363c45" : "#e3e6ea",
      textStyle: { color: isDark ? "#e6e9ed" : "#1f2329", fontSize: 13 },
    },
    grid: { left: 8, right: 16, top: 24, bottom: 8, containLabel: true },
  };
}
