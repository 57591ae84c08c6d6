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
    const drawn = init(place.current, undefined, { renderer: "svg" });
    chart.current = drawn;
    drawn.on("click", (what) => picked.current?.(what.dataIndex ?? 0, what.seriesName ?? ""));
    const watcher = new ResizeObserver(() => drawn.resize());
    watcher.observe(place.current);
    return () => {
      watcher.disconnect();
      drawn.dispose();
    };
  }, []);

  useEffect(() => {
    chart.current?.setOption({ ...look(isDark), ...option }, { notMerge: true });
  }, [option, isDark]);

  return <div ref={place} style={{ height }} />;
}

/** Colours of text, lines and series, readable on the surface they lie on. */
function look(isDark: boolean): EChartsOption {
  const text = isDark ? "#c2c9d2" : "#4a515a";
  return {
    animationDuration: 250,
    aria: { enabled: true },
    backgroundColor: "transparent",
    color: isDark
      ? ["#8ea5ff", "#5ec9b0", "#f2b25a", "#e58ac2", "#9ad06b", "#74c0fc"]
      : ["#3b5bdb", "#0c8f78", "#c77700", "#b0318a", "#4f8a10", "#1c7ed6"],
    textStyle: { color: text, fontFamily: "Inter Variable, system-ui, sans-serif" },
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
