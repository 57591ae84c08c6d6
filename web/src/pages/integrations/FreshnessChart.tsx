import { useComputedColorScheme } from "@mantine/core";
import type { EChartsOption } from "echarts";
import { memo, useMemo } from "react";
import { axisColour, slotAxis } from "../../look/axes";
import { Chart } from "../../look/Chart";
import { hoursSaid, isLate, type Silence } from "./freshness";

interface Props {
  silences: readonly Silence[];
  allowed: number | null;
  title: string;
  height: number;
}

/** For how long a source had been silent, below what it sent: bars that reach the line were overdue. */
export const FreshnessChart = memo(function FreshnessChart(props: Props) {
  const { silences, allowed, title, height } = props;
  const isDark = useComputedColorScheme("light") === "dark";
  const option = useMemo(() => drawn(silences, allowed, isDark), [silences, allowed, isDark]);
  return <Chart title={title} option={option} height={height} />;
});

function drawn(
  silences: readonly Silence[],
  allowed: number | null,
  isDark: boolean,
): EChartsOption {
  const line = axisColour(isDark);
  const [quiet, bad] = isDark ? ["#7d8794", "#f0625a"] : ["#8b949f", "#c92a2a"];
  const longest = Math.max(0, ...silences.map(({ hours }) => hours ?? 0));
  const across = {
    silent: true,
    symbol: "none",
    lineStyle: { color: bad, type: "dashed" as const },
    label: {
      formatter: `Overdue from ${hoursSaid(allowed ?? 0)} on`,
      position: "insideStartTop" as const,
      color: bad,
      fontSize: 12,
    },
    data: [{ yAxis: allowed ?? 0 }],
  };
  return {
    xAxis: slotAxis(
      silences.map((one) => one.label),
      line,
    ),
    yAxis: {
      type: "value",
      minInterval: 1,
      max: Math.ceil(Math.max(longest, allowed ?? 0, 1) * 1.25),
      splitNumber: 2,
      axisLabel: { showMaxLabel: false, formatter: (value: number) => `${value} h` },
      splitLine: { showMaxLine: false, lineStyle: { color: line } },
    },
    tooltip: {
      valueFormatter: (value) => (value === null ? "not known" : hoursSaid(Number(value ?? 0))),
    },
    series: [
      {
        id: "silent",
        name: "Silent for",
        type: "bar",
        barCategoryGap: "20%",
        ...(allowed !== null && { markLine: across }),
        data: silences.map((one) => ({
          value: one.hours,
          itemStyle: { color: isLate(one, allowed) ? bad : quiet },
        })),
      },
    ],
  };
}
