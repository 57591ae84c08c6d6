/** The charts of decisioning over time, as ECharts wants them described. Numbers and dates only: tips are HTML. */
import type { EChartsOption, SeriesOption } from "echarts";
import type { ValueEstimate, ValueOverTime, ValuePeriod } from "../../../api/types";
import { count, counted, day, share } from "../../../format";
import { LEGEND, surfaceColour } from "../../../look/axes";
import { palette } from "../../../look/palette";
import { whiskers } from "../../breakdown/time/whiskers";
import { between, inUnit } from "../words";

const FAINT = "rgba(128, 138, 152, 0.25)";
/** More whiskers than this would be a thicket. */
const MOST_WHISKERS = 62;

interface Kind {
  name: string;
  of: (one: ValuePeriod) => ValueEstimate | null;
  dash?: "dashed" | "dotted";
}

const KINDS: Kind[] = [
  { name: "Ours", of: (one) => one.ours },
  { name: "Best fixed offer", of: (one) => one.best_fixed, dash: "dashed" },
  { name: "Control group", of: (one) => one.control, dash: "dotted" },
];

/** Ours, the best fixed offer and the control group, period by period. */
export function valueChart(
  { periods, whole, unit }: ValueOverTime,
  isDark: boolean,
): EChartsOption {
  const colours = palette(isDark);
  const series = KINDS.flatMap((kind, index): SeriesOption[] => {
    const colour = colours[[0, 2, 1][index] ?? 0] ?? "gray";
    const known = periods.flatMap((one, x) => {
      const found = kind.of(one);
      return found ? [{ x, found }] : [];
    });
    const line: SeriesOption = {
      id: kind.name,
      name: kind.name,
      type: "line",
      color: colour,
      symbol: "circle",
      symbolSize: 7,
      lineStyle: { width: 2, type: kind.dash ?? "solid" },
      z: 4,
      data: periods.map((one) => kind.of(one)?.value ?? null),
      ...(known.length === 0 && overall(kind.of(whole), colour, surfaceColour(isDark), unit)),
    };
    const ends = known.map(({ x, found }) => [x, ...found.interval] as [number, number, number]);
    return periods.length > MOST_WHISKERS
      ? [line]
      : [whiskers(`${kind.name} interval`, colour, ends), line];
  });
  return {
    ...frame(periods, (one) =>
      KINDS.map((kind) => {
        const found = kind.of(one);
        return (
          found &&
          `${kind.name}: <b>${inUnit(found.value, unit)}</b> (${between(found.interval, unit)})`
        );
      }).concat(`${counted(one.decisions, "decision")}, ${count(one.redeemed)} redeemed`),
    ),
    legend: { ...LEGEND, data: KINDS.map(({ name }) => name) },
    grid: { left: 8, right: 16, top: 40, bottom: 8, containLabel: true },
    yAxis: {
      id: "value",
      type: "value",
      splitLine: { lineStyle: { color: FAINT } },
      axisLabel: { formatter: (value: number) => inUnit(value, unit).replace(" redemptions", "") },
    },
    series,
  };
}

/** Where no single period tells enough, all of them together may: a line across. */
function overall(found: ValueEstimate | null, colour: string, surface: string, unit: string) {
  if (!found) return {};
  const formatter = `All periods: ${inUnit(found.value, unit)}`;
  return {
    markLine: {
      silent: true,
      symbol: "none",
      lineStyle: { color: colour, type: "dashed" as const, width: 2 },
      label: {
        formatter,
        position: "insideEndTop" as const,
        color: colour,
        fontSize: 12,
        backgroundColor: surface,
        padding: [1, 4],
        distance: 3,
      },
      data: [{ yAxis: found.value }],
    },
  };
}

/** How well it was known what would be redeemed: predicted beside observed, and the gain over a plain guess. */
export function learningChart({ periods }: ValueOverTime, isDark: boolean): EChartsOption {
  const [accent, other] = palette(isDark);
  const line = (
    name: string,
    color: string | undefined,
    of: (one: ValuePeriod) => number | undefined,
    dash = false,
  ): SeriesOption => ({
    id: name,
    name,
    type: "line",
    color,
    symbol: "circle",
    symbolSize: 7,
    lineStyle: { width: 2, type: dash ? "dashed" : "solid" },
    data: periods.map((one) => of(one) ?? null),
  });
  return {
    ...frame(periods, ({ learning }) =>
      learning
        ? [
            `Expected to be redeemed: <b>${share(learning.predicted)}</b>`,
            `Really redeemed: <b>${share(learning.observed)}</b>`,
            `Of ${counted(learning.offers, "offer")}`,
            `Better than a plain guess by ${share(learning.gain)}`,
          ]
        : ["Too few offers to tell"],
    ),
    legend: LEGEND,
    grid: { left: 8, right: 16, top: 40, bottom: 8, containLabel: true },
    yAxis: {
      id: "rate",
      type: "value",
      min: 0,
      splitLine: { lineStyle: { color: FAINT } },
      axisLabel: { formatter: (value: number) => share(value) },
    },
    series: [
      line("Expected to be redeemed", accent, (one) => one.learning?.predicted, true),
      line("Really redeemed", other, (one) => one.learning?.observed),
    ],
  };
}

type Tip = (one: ValuePeriod) => (string | null)[];

function frame(periods: readonly ValuePeriod[], tip: Tip): EChartsOption {
  return {
    xAxis: {
      id: "time",
      type: "category",
      data: periods.map((one) => day(one.from).replace(/ \d{4}$/, "")),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: FAINT } },
      axisLabel: { hideOverlap: true },
    },
    tooltip: {
      trigger: "axis",
      confine: true,
      formatter: (points) => {
        const [point] = Array.isArray(points) ? points : [points];
        const value = point?.value;
        const one = periods[Array.isArray(value) ? Number(value[0]) : (point?.dataIndex ?? -1)];
        if (!one) return "";
        const title = `<b>From ${day(one.from)}</b>${one.settled ? "" : " (not all settled)"}`;
        return [title, ...tip(one).filter(Boolean)].join("<br>");
      },
    },
  };
}
