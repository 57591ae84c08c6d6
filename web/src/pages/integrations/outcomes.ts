import { capital } from "../../format";

/** How outcomes are drawn: an order from good to bad, and a colour for light and for dark. */

interface Drawn {
  label: string;
  light: string;
  dark: string;
}

const OUTCOMES: Record<string, Drawn> = {
  counted: { label: "Counted", light: "#3b5bdb", dark: "#8ea5ff" },
  assigned: { label: "Assigned", light: "#0c8f78", dark: "#5ec9b0" },
  duplicate: { label: "Duplicate", light: "#8b949f", dark: "#7d8794" },
  test: { label: "Test", light: "#b9c0c9", dark: "#4f5866" },
  unassigned: { label: "Unassigned", light: "#d9a400", dark: "#e5cf6a" },
  pending: { label: "Pending", light: "#e8730c", dark: "#f2a15a" },
  excess: { label: "Excess", light: "#a3600a", dark: "#c98f4a" },
  flagged: { label: "Flagged", light: "#b0318a", dark: "#e58ac2" },
  rejected: { label: "Rejected", light: "#c92a2a", dark: "#f0625a" },
};
const ORDER = Object.keys(OUTCOMES);
const OTHER = { light: "#8b949f", dark: "#7d8794" };

export const outcomeLabel = (outcome: string): string =>
  OUTCOMES[outcome]?.label ?? capital(outcome);

export const outcomeColour = (outcome: string, isDark: boolean): string =>
  (OUTCOMES[outcome] ?? OTHER)[isDark ? "dark" : "light"];

/** The outcomes that occur, in the order they are stacked. */
export function occurring(items: readonly { outcomes: Record<string, number> }[]): string[] {
  const found = new Set(items.flatMap((one) => Object.keys(one.outcomes)));
  const place = (outcome: string) => (ORDER.indexOf(outcome) + 1 || ORDER.length + 1) - 1;
  return [...found].sort((a, b) => place(a) - place(b));
}
