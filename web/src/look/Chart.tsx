import { Skeleton, useComputedColorScheme } from "@mantine/core";
import type { EChartsOption } from "echarts";
import { lazy, Suspense } from "react";

const Drawn = lazy(() => import("./DrawnChart"));

export interface ChartProps {
  /** What the chart shows, for those who do not see it. */
  title: string;
  option: EChartsOption;
  height?: number;
  /** Called with the clicked item's series name and data index. */
  onPick?: (index: number, series: string) => void;
}

/** A chart; the library is loaded when the first one is looked at. */
export function Chart({ title, option, height = 260, onPick }: ChartProps) {
  const isDark = useComputedColorScheme("light") === "dark";
  return (
    <figure aria-label={title} style={{ margin: 0 }}>
      <Suspense fallback={<Skeleton height={height} />}>
        <Drawn option={option} height={height} isDark={isDark} onPick={onPick} />
      </Suspense>
    </figure>
  );
}
