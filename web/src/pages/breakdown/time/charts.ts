/** The two charts over time, as ECharts wants them described. */
import type { EChartsOption, SeriesOption } from "echarts";
import type { Line } from "../../../api/types";
import { compact, count, counted, interval } from "../../../format";
import { palette } from "../../../look/palette";
import { label } from "../words";
import { type Bucket, tick, type Unit } from "./buckets";
import { whiskers } from "./whiskers";

/** Bars that stand behind something else. */
const QUIET = "rgba(128, 138, 152, 0.32)";
const MANY = 90;
/** More whiskers than this would be a thicket: a band is drawn instead. */
const WHISKERS = 45;

export interface Drawing {
  buckets: readonly Bucket[];
  unit: Unit;
  isDark: boolean;
}

/** Redemptions, by when they happened. */
export function redemptionsChart(drawing: Drawing): EChartsOption {
  const [accent] = palette(drawing.isDark);
  return {
    ...frame(drawing, redemptionsTip),
    yAxis: [{ id: "count", type: "value", minInterval: 1, ...faint(), axisLabel: counts }],
    series: [
      {
        id: "redemptions",
        name: "Redemptions",
        type: "bar",
        barMaxWidth: 36,
        itemStyle: { color: accent, borderRadius: [3, 3, 0, 0] },
        data: drawing.buckets.map(({ line }) => line?.redemptions ?? 0),
      },
    ],
  };
}

/** The rate of those assigned in each period, with its interval, before how many they were. */
export function cohortsChart(drawing: Drawing): EChartsOption {
  const [accent = "blue"] = palette(drawing.isDark);
  const most = Math.max(1, ...drawing.buckets.map(({ line }) => line?.assigned ?? 0));
  return {
    ...frame(drawing, cohortTip),
    yAxis: [
      { id: "rate", type: "value", min: 0, ...faint(), axisLabel: { formatter: percent } },
      { id: "count", type: "value", max: most * 4, show: false },
    ],
    series: [assigned(drawing), ...rates(drawing, accent)],
  };
}

function assigned({ buckets }: Drawing): SeriesOption {
  return {
    id: "assigned",
    name: "Assigned",
    type: "bar",
    yAxisIndex: 1,
    barMaxWidth: 36,
    itemStyle: { color: QUIET, borderRadius: [3, 3, 0, 0] },
    data: buckets.map(({ line }) => line?.assigned ?? 0),
  };
}

function rates({ buckets }: Drawing, colour: string): SeriesOption[] {
  const known = buckets.flatMap(({ line }, x) => (line && line.assigned > 0 ? [{ line, x }] : []));
  const isMany = known.length > WHISKERS;
  const ends = known.flatMap(({ line: { interval: ends }, x }) =>
    ends ? [[x, ends[0], ends[1]] as [number, number, number]] : [],
  );
  return [
    ...(isMany ? band(ends, colour) : [whiskers("interval", colour, ends)]),
    {
      id: "rate",
      name: "Redemption rate",
      type: "line",
      color: colour,
      connectNulls: true,
      showSymbol: !isMany,
      symbol: "circle",
      symbolSize: 7,
      z: 4,
      // Of too few assignments to compare: hollow.
      data: known.map(({ line, x }) => ({
        value: [x, line.rate],
        symbol: line.enough ? "circle" : "emptyCircle",
      })),
    },
  ];
}

function band(ends: [number, number, number][], colour: string): SeriesOption[] {
  const side = {
    type: "line",
    stack: "band",
    symbol: "none",
    silent: true,
    color: colour,
  } as const;
  return [
    {
      ...side,
      id: "low",
      name: "Low end",
      lineStyle: { opacity: 0 },
      data: ends.map(([x, low]) => [x, low]),
    },
    {
      ...side,
      id: "high",
      name: "High end",
      lineStyle: { opacity: 0 },
      areaStyle: { opacity: 0.18 },
      data: ends.map(([x, low, high]) => [x, high - low]),
    },
  ];
}

function frame({ buckets, unit }: Drawing, tip: Tip): EChartsOption {
  const isMany = buckets.length > MANY;
  return {
    grid: { left: 8, right: 12, top: 16, bottom: isMany ? 44 : 8, containLabel: true },
    xAxis: {
      id: "time",
      type: "category",
      data: buckets.map(({ key }) => tick(key, unit)),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: QUIET } },
      axisLabel: { hideOverlap: true },
    },
    dataZoom: isMany ? zoom(buckets.length) : [],
    tooltip: {
      trigger: "axis",
      confine: true,
      formatter: (points) => {
        const [point] = Array.isArray(points) ? points : [points];
        const bucket = buckets[xOf(point)];
        return bucket ? tip(label(unit, bucket.key), bucket.line) : "";
      },
    },
  };
}

/** The place on the axis of a point: of series with pairs, that is not the index of the data. */
function xOf(point: { dataIndex?: number; value?: unknown } | undefined): number {
  const value = point?.value;
  return Array.isArray(value) ? Number(value[0]) : (point?.dataIndex ?? -1);
}

/** Many periods: the latest are shown, all can be scrolled to. */
function zoom(length: number): EChartsOption["dataZoom"] {
  const start = (1 - MANY / length) * 100;
  return [
    { id: "zoom", type: "slider", height: 22, bottom: 6, start, end: 100, showDetail: false },
  ];
}

const faint = () => ({ splitLine: { lineStyle: { color: QUIET, opacity: 0.5 } } });
const percent = (value: number) => `${Math.round(value * 1_000) / 10}%`;
const counts = { formatter: (value: number) => compact(value) };

/** What is said of a period when it is pointed at. Numbers and dates only: it is put in as HTML. */
type Tip = (title: string, line: Line | undefined) => string;

const redemptionsTip: Tip = (title, line) =>
  said(title, [
    counted(line?.redemptions ?? 0, "redemption"),
    line && line.excess > 0 && `${count(line.excess)} of them excess`,
    line && line.unassigned > 0 && `${count(line.unassigned)} of them unassigned`,
    line && line.reversed > 0 && `${count(line.reversed)} reversed`,
  ]);

const cohortTip: Tip = (title, line) =>
  said(title, [
    line &&
      line.rate !== null &&
      line.assigned > 0 &&
      `<b>${line.display.replace("<", "&lt;")}</b>`,
    line &&
      line.assigned > 0 &&
      `${count(line.redeemed)} of ${count(line.assigned)} assignments redeemed`,
    line?.interval && `95% interval ${interval(line.interval)}`,
    line && line.assigned > 0 && !line.enough && "Too few to compare",
    !line?.assigned && "Nothing assigned",
  ]);

const said = (title: string, lines: (string | false | null | undefined)[]): string =>
  [`<b>${title}</b>`, ...lines.filter(Boolean)].join("<br>");
