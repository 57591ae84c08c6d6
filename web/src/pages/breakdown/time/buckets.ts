/** Days, weeks or months in a row, with those in which nothing happened: the API leaves them out. */
import dayjs from "dayjs";
import type { Line } from "../../../api/types";

export type Unit = "day" | "week" | "month";

export interface Bucket {
  key: string;
  line: Line | undefined;
}

/** More than this is a mistake in the data, not something to draw. */
const MOST = 4_000;

export function buckets(lines: readonly Line[], unit: Unit): Bucket[] {
  const byKey = new Map(lines.flatMap((line) => (line.key ? [[line.key, line] as const] : [])));
  const keys = [...byKey.keys()].sort();
  const [first, last] = [keys.at(0), keys.at(-1)];
  if (!first || !last) return [];
  const row: Bucket[] = [];
  for (let key = first; key <= last && row.length < MOST; key = following(key, unit))
    row.push({ key, line: byKey.get(key) });
  return row;
}

function following(key: string, unit: Unit): string {
  const start = dayjs(unit === "month" ? `${key}-01` : key);
  return start.add(1, unit).format(unit === "month" ? "YYYY-MM" : "YYYY-MM-DD");
}

/** What stands below the axis. */
export function tick(key: string, unit: Unit): string {
  return unit === "month" ? dayjs(`${key}-01`).format("MMM YYYY") : dayjs(key).format("D MMM");
}
