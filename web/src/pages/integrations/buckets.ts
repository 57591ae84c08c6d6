import dayjs from "dayjs";
import type { Activity } from "../../api/types";
import "../../format"; // dayjs learns time zones there

/** One hour or day of a source's activity. */
export interface Bucket {
  key: string;
  label: string;
  /** A moment in it, milliseconds: of a day noon. */
  at: number;
  outcomes: Record<string, number>;
}

export const UNITS = { hour: 48, day: 30 } as const;
export const HOUR_MS = 3_600_000;
/** With its offset: when clocks go back, there are two hours of the same name. */
const KEY = { hour: "YYYY-MM-DD HH Z", day: "YYYY-MM-DD" } as const;
const LABEL = { hour: "ddd D MMM, HH:00", day: "ddd D MMM" } as const;

/** All hours or days that are shown, those in which nothing came too, the earliest first. */
export function buckets(activity: Activity, zone: string, now: number): Bucket[] {
  const { by, items } = activity;
  const came = new Map(items.map((one) => [written(one.from, zone, KEY[by]), one.outcomes]));
  const starts = by === "hour" ? hours(now) : days(now, zone);
  return starts.map((start) => {
    const key = written(start, zone, KEY[by]);
    const label = written(start, zone, LABEL[by]);
    return { key, label, at: Date.parse(start), outcomes: came.get(key) ?? {} };
  });
}

function hours(now: number): string[] {
  return Array.from({ length: UNITS.hour }, (_, i) =>
    new Date(now - (UNITS.hour - 1 - i) * HOUR_MS).toISOString(),
  );
}

/** Noon of each day: a day is found by its date, and noon lies in it in whatever zone. */
function days(now: number, zone: string): string[] {
  const today = dayjs.utc(dayjs(now).tz(zone).format("YYYY-MM-DD"));
  return Array.from({ length: UNITS.day }, (_, i) => {
    const date = today.subtract(UNITS.day - 1 - i, "day").format("YYYY-MM-DD");
    return dayjs.tz(`${date} 12:00`, zone).toISOString();
  });
}

const written = (instant: string, zone: string, format: string): string =>
  dayjs(instant).tz(zone).format(format);

/** Everything that came, by outcome. */
export function totals(items: readonly { outcomes: Record<string, number> }[]): [string, number][] {
  const sums: Record<string, number> = {};
  for (const { outcomes } of items)
    for (const [outcome, number] of Object.entries(outcomes))
      sums[outcome] = (sums[outcome] ?? 0) + number;
  return Object.entries(sums);
}
