/** Breakdowns of several promotions side by side: a row for each key, a cell for each promotion. */
import type { Breakdown, Line } from "../../api/types";

export interface MatrixRow {
  key: string;
  /** undefined where the promotion has no such group, or nobody was assigned in it. */
  cells: (Line | undefined)[];
}

/** Rows come as the first promotion that has them orders them: tiers by priority. */
export function matrix(breakdowns: readonly (Breakdown | undefined)[]): MatrixRow[] {
  const lines = breakdowns.map((one) => {
    const assigned = (one?.rows ?? []).filter((line) => line.key !== null && line.assigned > 0);
    return new Map(assigned.map((line) => [line.key as string, line]));
  });
  const keys = [...new Set(lines.flatMap((one) => [...one.keys()]))];
  return keys.map((key) => ({ key, cells: lines.map((one) => one.get(key)) }));
}

/** Whether every promotion has this group. */
export const isCommon = ({ cells }: MatrixRow): boolean => cells.every(Boolean);
