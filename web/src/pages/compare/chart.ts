/** Rates of several promotions over time, as ECharts wants them described. */
import type { EChartsOption } from "echarts";
import type { Line } from "../../api/types";
import { count, interval } from "../../format";
import { buckets, tick } from "../breakdown/time/buckets";
import { label } from "../breakdown/words";

export interface CohortSeries {
  id: string;
  name: string;
  colour: string;
  rows: readonly Line[];
}

/** More weeks than this are drawn without a point for each. */
const MANY = 60;
const FAINT = "rgba(128, 138, 152, 0.18)";

export function cohortLines(series: readonly CohortSeries[]): EChartsOption {
  const rated = series.map((one) => one.rows.filter((line) => line.assigned > 0 && line.key));
  const weeks = buckets(rated.flat(), "week").map(({ key }) => key);
  const lines = rated.map((rows) => new Map(rows.map((line) => [line.key, line])));
  return {
    grid: { left: 8, right: 16, top: 16, bottom: 8, containLabel: true },
    xAxis: {
      id: "week",
      type: "category",
      boundaryGap: false,
      data: weeks.map((week) => tick(week, "week")),
      axisTick: { show: false },
      axisLabel: { hideOverlap: true },
    },
    yAxis: {
      id: "rate",
      type: "value",
      min: 0,
      splitLine: { lineStyle: { color: FAINT } },
      axisLabel: { formatter: (value: number) => `${Math.round(value * 1_000) / 10}%` },
    },
    tooltip: {
      trigger: "axis",
      confine: true,
      formatter: (points) => {
        const [point] = Array.isArray(points) ? points : [points];
        const week = weeks[point?.dataIndex ?? -1];
        return week ? tip(week, series, lines) : "";
      },
    },
    series: series.map(({ id, name, colour }, index) => ({
      id,
      name,
      type: "line" as const,
      color: colour,
      connectNulls: true,
      showSymbol: weeks.length <= MANY,
      showAllSymbol: true,
      symbolSize: 8,
      lineStyle: { width: 2 },
      data: weeks.map((week) => {
        const line = lines[index]?.get(week);
        if (!line || line.rate === null) return null;
        return { value: line.rate, symbol: line.enough ? "circle" : "emptyCircle" };
      }),
    })),
  };
}

const escaped = (text: string) =>
  text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

function tip(
  week: string,
  series: readonly CohortSeries[],
  lines: readonly Map<string | null, Line>[],
): string {
  const said = series.flatMap(({ name, colour }, index) => {
    const line = lines[index]?.get(week);
    if (!line || line.rate === null) return [];
    const ends = line.interval ? ` (${interval(line.interval)})` : "";
    const dot = `<span style="color:${colour}">●</span>`;
    return [
      `${dot} ${escaped(name)}: <b>${escaped(line.display)}</b>${ends} of ${count(line.assigned)}`,
    ];
  });
  return [`<b>${label("week", week)}</b>`, ...said].join("<br>");
}
