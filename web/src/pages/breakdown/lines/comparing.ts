/** How rows are compared: on one scale, with those of too few assignments left aside. */
import type { Line } from "../../../api/types";

type Share = Pick<Line, "rate" | "interval" | "enough">;

/** What rows are compared by: one scale, and the total's rate. */
export interface Comparison {
  scale: number;
  total: number | null;
}

const STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1];

/** The rate at the right end of the bars: above every whisker that says something. */
export function commonScale(lines: readonly Share[]): number {
  const ends = lines.map(({ rate, interval, enough }) =>
    enough ? (interval?.[1] ?? rate ?? 0) : (rate ?? 0),
  );
  const top = Math.max(0, ...ends);
  return STEPS.find((step) => step >= top) ?? 1;
}

/** Whether a rate differs from the total's beyond chance: its 95% interval does not contain it. */
export function differs(line: Share, total: number | null): "above" | "below" | null {
  if (!line.enough || !line.interval || total === null) return null;
  const [low, high] = line.interval;
  if (low > total) return "above";
  return high < total ? "below" : null;
}
