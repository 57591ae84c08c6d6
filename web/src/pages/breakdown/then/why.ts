/** Why figures moved since a moment: what was restated, and what is simply new. */
import type { Restatement } from "../../../api/types";
import { count } from "../../../format";
import { kindOf, moved } from "../restatements/log";
import type { Since } from "./asked";
import { change, type Pair } from "./pairs";

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

/** One line for each kind of restatement, the most entries first, and one for what is new. */
export function reasons(total: Pair, { entries, isMore }: Since): Reason[] {
  const told = byKind(entries).map(([kind, all]) => ({
    name: times(kind, all.length),
    text: textOf(all),
  }));
  if (isMore) return told;
  const restated = sum(entries);
  const fresh = movedText({
    assigned: (change(total, "assigned") ?? 0) - restated.assigned,
    redeemed: (change(total, "redeemed") ?? 0) - restated.redeemed,
  });
  return fresh ? [...told, { name: "Newly reported", text: fresh }] : told;
}

function byKind(entries: readonly Restatement[]): [kind: string, entries: Restatement[]][] {
  const kinds = new Map<string, Restatement[]>();
  for (const entry of entries) kinds.set(entry.kind, [...(kinds.get(entry.kind) ?? []), entry]);
  return [...kinds].sort(([, a], [, b]) => b.length - a.length);
}

function times(kind: string, often: number): string {
  const { name } = kindOf(kind);
  return often === 1 ? name : `${name}, ${count(often)} times`;
}

const textOf = (entries: readonly Restatement[]): string =>
  movedText(sum(entries)) ?? "no change of assigned or redeemed";

function sum(entries: readonly Restatement[]): Moved {
  const add = (noun: keyof Moved) => entries.reduce((all, { total }) => all + total[noun], 0);
  return { assigned: add("assigned"), redeemed: add("redeemed") };
}
