/** How fresh a source was over time: for how many whole hours it had been silent, hour by hour. */
import type { Activity, Source } from "../../api/types";
import type { Cell } from "../../look/csv";
import { type Bucket, HOUR_MS } from "./buckets";

export interface Silence {
  key: string;
  label: string;
  /** At least so many hours; of a day the longest. Null where it is not known. */
  hours: number | null;
}

/** After so many hours of silence its cadence calls a source overdue; null for one that nothing is expected of. */
export function allowedHours({ due_at, last_heard_at, live_since }: Source): number | null {
  const since = Math.max(...[last_heard_at, live_since].map((at) => (at ? Date.parse(at) : 0)));
  return due_at && since > 0 ? (Date.parse(due_at) - since) / HOUR_MS : null;
}

/** The silence of each bucket, by the hours in which something came, those before the first bucket among them. */
export function silences(
  buckets: readonly Bucket[],
  hourly: Activity["items"],
  { last_heard_at, live_since }: Source,
  by: Activity["by"],
  now: number,
): Silence[] {
  const heard = hourly.map((one) => Date.parse(one.from));
  if (last_heard_at) heard.push(Date.parse(last_heard_at));
  heard.sort((a, b) => a - b);
  const began = live_since ? Date.parse(live_since) : 0;
  const at = (moment: number): number | null => {
    const last = heard.findLast((one) => one <= moment);
    if (last === undefined || moment < began) return null;
    return Math.floor((moment - Math.max(last, began)) / HOUR_MS);
  };
  return buckets.map(({ key, label, at: middle }) => {
    const moments = by === "hour" ? [middle] : hoursOf(middle, now);
    const known = moments.flatMap((one) => at(one) ?? []);
    return { key, label, hours: known.length > 0 ? Math.max(...known) : null };
  });
}

/** The hours of the day around a noon that have begun, each by its end or by now. */
function hoursOf(noon: number, now: number): number[] {
  const all = Array.from({ length: 24 }, (_, n) => noon + (n - 11) * HOUR_MS - 1);
  return all.filter((one) => one - HOUR_MS < now).map((one) => Math.min(one, now));
}

export const isLate = ({ hours }: Silence, allowed: number | null): boolean =>
  hours !== null && allowed !== null && hours >= allowed;

/** In how many hours or days it was silent for longer than its cadence allows, in a sentence. */
export function lateSaid(
  all: readonly Silence[],
  allowed: number | null,
  by: Activity["by"],
): string {
  const known = all.filter(({ hours }) => hours !== null);
  if (known.length === 0) return "It was not heard yet.";
  const longest = Math.max(...known.map(({ hours }) => hours ?? 0));
  const most = `The longest silence was ${hoursSaid(longest)}`;
  if (allowed === null) return `${most}.`;
  const late = known.filter((one) => isLate(one, allowed)).length;
  const unit = by === "hour" ? "hours" : "days";
  if (late === 0) return `${most}; never overdue (${hoursSaid(allowed)} are allowed).`;
  return `${most}; overdue in ${late} of ${known.length} ${unit} (${hoursSaid(allowed)} are allowed).`;
}

export const hoursSaid = (hours: number): string =>
  hours === 1 ? "1 hour" : hours === 0 ? "less than an hour" : `${hours} hours`;

export function freshnessTable(
  all: readonly Silence[],
  allowed: number | null,
  by: Activity["by"],
): Cell[][] {
  const rows = all.map((one): Cell[] => {
    const from = one.key.replace(/ (\d+) /, "T$1:00"); // of an hour with its offset
    return [from, one.hours, allowed, one.hours === null ? null : String(isLate(one, allowed))];
  });
  return [[by, "silent_hours", "allowed_hours", "overdue"], ...rows];
}
