/** The straight line of a forecast, day by day: what will be used if it goes on at today's pace. */
import dayjs from "dayjs";
import "../../../format"; // dayjs learns time zones there
import type { LimitOverTime } from "../../../api/types";

/** So many days ahead are drawn at least where there is no end, and at most. */
const LEAST = 14;
const MOST = 92;

export interface Ahead {
  day: string;
  used: number;
}

/** What is used by now, and by the end of each day to come, until the limit, or the end of its window. */
export function ahead(
  { usage, ends_on, days }: LimitOverTime,
  asOf: string,
  zone: string,
): Ahead[] {
  const { forecast } = usage;
  const limit = Number(usage.limit);
  const now = dayjs(asOf).tz(zone);
  const used = Math.max(Number(usage.committed), Number(usage.redeemed));
  const pace = Number(forecast?.pace_per_day ?? 0);
  if (pace <= 0 || used >= limit) return [];
  const today = now.format("YYYY-MM-DD");
  const rest = now.endOf("day").diff(now, "day", true);
  if (usage.window === "daily") return [{ day: today, used: Math.min(limit, used + pace * rest) }];
  const found: Ahead[] = [{ day: today, used }];
  const most = Math.min(MOST, Math.max(LEAST, days.length));
  for (let n = 1; n <= most; n++) {
    const day = dayjs.utc(today).add(n, "day").format("YYYY-MM-DD");
    if (ends_on !== null && day > ends_on) break;
    const then = Math.min(limit, used + pace * (rest + n));
    found.push({ day, used: then });
    if (then >= limit) break;
  }
  return found;
}
