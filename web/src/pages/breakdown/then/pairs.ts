/** What was known then and what is known now, row by row. */
import type { Breakdown, Line } from "../../../api/types";
import { count, DASH, share } from "../../../format";

export interface Pair {
  key: string | null;
  /** Null: there was no such row, so nothing of it was known. */
  known: Line | null;
  now: Line | null;
}

export interface Pairs {
  total: Pair;
  rows: Pair[];
  /** By code: where the next page begins. */
  next: string | null;
}

const IN_ORDER = ["code", "day", "week", "month"];

/** Rows of both in the order of now; those that are no more come last, unless all go by their keys. */
export function paired(then: Breakdown, now: Breakdown): Pairs {
  const [next, isHere] = page(then, now);
  const before = new Map(then.rows.map((line) => [line.key, line]));
  const still = new Set(now.rows.map(({ key }) => key));
  const rows = [
    ...now.rows.map((line) => ({ key: line.key, known: before.get(line.key) ?? null, now: line })),
    ...then.rows
      .filter(({ key }) => !still.has(key))
      .map((line) => ({ key: line.key, known: line, now: null })),
  ];
  return {
    total: { key: null, known: then.total, now: now.total },
    rows: (IN_ORDER.includes(now.by) ? rows.toSorted(byKey) : rows).filter(({ key }) =>
      isHere(key),
    ),
    next,
  };
}

/** None comes last. */
function byKey({ key: a }: Pair, { key: b }: Pair): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a < b ? -1 : Number(a > b);
}

/**
 * Codes come in pages, and codes that came since make those of now end earlier. Rows are told up to where both pages
 * reach; the next ones begin there.
 */
function page(
  then: Breakdown,
  now: Breakdown,
): [next: string | null, isHere: (key: string | null) => boolean] {
  const ends = [then, now].flatMap(({ next, rows }) => {
    const last = rows.findLast(({ key }) => key !== null)?.key;
    return next && last ? [{ next, last }] : [];
  });
  const [end] = ends.sort((a, b) => (a.last < b.last ? -1 : 1));
  if (!end) return [null, () => true];
  return [end.next, (key) => key !== null && key <= end.last];
}

export type Measure = "rate" | "redeemed" | "assigned" | "redemptions";

export const MEASURES: Record<Measure, string> = {
  rate: "Redemption rate",
  redeemed: "Redeemed",
  assigned: "Assigned",
  redemptions: "Redemptions",
};

/** What rows are compared by. */
export function measures({ by, date, total }: Breakdown, then?: Breakdown): Measure[] {
  if (by === "outcome") return ["assigned", "redemptions"];
  if (date === "redeemed") return ["redemptions", "redeemed"];
  const isRated = total.rate !== null || (then && then.total.rate !== null);
  return isRated ? ["rate", "redeemed", "assigned"] : ["redeemed", "assigned"];
}

/** The number behind a cell; null where there is none. Of a row that was not there, nothing was counted. */
export function worth(line: Line | null, measure: Measure): number | null {
  if (measure !== "rate") return line?.[measure] ?? 0;
  return line && line.assigned > 0 ? line.rate : null;
}

export function change(pair: Pair, measure: Measure): number | null {
  const [then, now] = [worth(pair.known, measure), worth(pair.now, measure)];
  return then === null || now === null ? null : now - then;
}

export function figure(line: Line | null, measure: Measure): string {
  const value = worth(line, measure);
  if (value === null) return DASH;
  return measure === "rate" ? (line?.display ?? share(value)) : count(value);
}

/** "+12", "-1.4 pp": rates move by percentage points. */
export function changeText(by: number | null, measure: Measure): string {
  if (by === null) return DASH;
  if (measure !== "rate") return `${by > 0 ? "+" : ""}${count(by)}`;
  if (by === 0) return "0 pp";
  const points = Math.abs(by * 100);
  return `${by > 0 ? "+" : "-"}${points < 0.1 ? "<0.1" : points.toFixed(1)} pp`;
}

/** Rows that hold none of what is compared are left out, but for tiers. */
export const isSaying =
  (by: string, all: readonly Measure[]) =>
  ({ key, known, now }: Pair): boolean =>
    (by === "tier" && key !== null) ||
    all.some((measure) => worth(known, measure) || worth(now, measure));

/** Whether anything that is compared moved. */
export const isMoved = ({ total, rows }: Pairs, all: readonly Measure[]): boolean =>
  [total, ...rows].some((pair) =>
    all.some((measure) => worth(pair.known, measure) !== worth(pair.now, measure)),
  );
