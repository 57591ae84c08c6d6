import { useComputedColorScheme } from "@mantine/core";
import type { EChartsOption } from "echarts";
import { memo, useMemo } from "react";
import { compact, count } from "../../format";
import { axisColour, slotAxis } from "../../look/axes";
import { Chart } from "../../look/Chart";
import type { Bucket } from "./buckets";
import { occurring, outcomeColour, outcomeLabel } from "./outcomes";

interface Props {
  buckets: readonly Bucket[];
  title: string;
  height: number;
}

/** Stacked bars of what came, one for each hour or day. */
export const ActivityChart = memo(function ActivityChart({ buckets, title, height }: Props) {
  const isDark = useComputedColorScheme("light") === "dark";
  const option = useMemo(() => drawn(buckets, isDark), [buckets, isDark]);
  return <Chart title={title} option={option} height={height} />;
});

function drawn(buckets: readonly Bucket[], isDark: boolean): EChartsOption {
  const line = axisColour(isDark);
  return {
    xAxis: slotAxis(
      buckets.map((one) => one.label),
      line,
    ),
    yAxis: {
      type: "value",
      minInterval: 1,
      axisLabel: { formatter: compact },
      splitLine: { lineStyle: { color: line } },
    },
    tooltip: { valueFormatter: (value) => count(Number(value ?? 0)) },
    series: occurring(buckets).map((outcome) => ({
      id: outcome,
      name: outcomeLabel(outcome),
      type: "bar",
      stack: "all",
      barCategoryGap: "20%",
      itemStyle: { color: outcomeColour(outcome, isDark) },
      data: buckets.map((one) => one.outcomes[outcome] ?? null),
    })),
  };
}
