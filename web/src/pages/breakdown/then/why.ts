/** Why figures moved since a moment, as the API tells it, in words. */
import type { MovedSince } from "../../../api/types";
import { count } from "../../../format";
import { kindOf, moved } from "../restatements/log";
import { changeText } from "./pairs";

interface Moved {
  assigned: number;
  redeemed: number;
}

const NOUNS = ["assigned", "redeemed"] as const;

/** "+3 assigned, -1 redeemed"; null where neither moved. */
export function movedText(by: Moved): string | null {
  const parts = NOUNS.flatMap((noun) => (by[noun] ? `${moved(by[noun])} ${noun}` : []));
  return parts.length > 0 ? parts.join(", ") : null;
}

export interface Reason {
  name: string;
  text: string;
}

type Cause = MovedSince["causes"][number];

/** One line for each cause, restatements with the most entries first, what is new last. */
export function reasons({ causes }: MovedSince): Reason[] {
  return [...causes].sort((a, b) => b.entries - a.entries).map(reason);
}

const OWN: Record<string, string> = { new: "Newly reported", unexplained: "Unexplained" };

function reason({ kind, entries, moved: by, rate_change: rate }: Cause): Reason {
  const told = movedText(by) ?? "no change of assigned or redeemed";
  const name = OWN[kind] ?? times(kind, entries);
  return { name, text: rate ? `${told}: ${changeText(rate, "rate")}` : told };
}

function times(kind: string, often: number): string {
  const { name } = kindOf(kind);
  return often === 1 ? name : `${name}, ${count(often)} times`;
}

/** "Redefined: name, limits". */
export function redefined({ redefined: changes }: MovedSince): string | null {
  const names = [...new Set(changes.flatMap(({ fields }) => fields.map(({ name }) => name)))];
  return names.length > 0 ? names.map((name) => name.replaceAll("_", " ")).join(", ") : null;
}
