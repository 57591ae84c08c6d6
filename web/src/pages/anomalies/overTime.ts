/** Several anomalies of one series in one row of slots: what was counted and expected around each. */
import type { Anomaly } from "../../api/types";
import type { Slot } from "./bandChart";

export interface Series {
  key: string;
  /** "Redemptions from till, by hour". */
  name: string;
  slot: Anomaly["slot"];
  anomalies: Anomaly[];
}

const KINDS = {
  redemptions: "Redemptions",
  stream: "What it sends",
  unmatched: "What matches nothing",
} as const;

/** What anomalies are of, that with the most of them first. */
export function seriesOf(anomalies: readonly Anomaly[]): Series[] {
  const found = new Map<string, Series>();
  for (const one of anomalies) {
    const { kind, promotion_id, source, slot } = one;
    const key = `${kind} ${slot} ${source ?? ""}`;
    const from = promotion_id && source ? ` from ${source}` : "";
    const there = found.get(key) ?? {
      key,
      name: `${KINDS[kind]}${from}, by ${slot}`,
      slot,
      anomalies: [],
    };
    there.anomalies.push(one);
    found.set(key, there);
  }
  return [...found.values()].sort((a, b) => b.anomalies.length - a.anomalies.length);
}

const LENGTH_MS = { hour: 3_600_000, day: 86_400_000 };
/** A day may have 25 hours. */
const LONGER = 1.1;

/** Their slots in order, each once, as the latest anomaly told it; null where some are left out. */
export function slotsOf({ anomalies, slot }: Series): (Slot | null)[] {
  const earliest = anomalies.toSorted((a, b) => (a.found_at < b.found_at ? -1 : 1));
  const bySlot = new Map(earliest.flatMap(({ slots }) => slots.map((one) => [one.at, one])));
  const all = [...bySlot.values()].sort((a, b) => (a.at < b.at ? -1 : 1));
  return all.flatMap((one, index) => {
    const before = all[index - 1];
    const gap = before ? Date.parse(one.at) - Date.parse(before.at) : 0;
    return gap > LENGTH_MS[slot] * LONGER ? [null, one] : [one];
  });
}

/** Whether a slot belongs to one of them. */
export const isAnomalous =
  ({ anomalies, slot }: Pick<Series, "anomalies" | "slot">) =>
  ({ at }: Slot): boolean => {
    const end = new Date(Date.parse(at) + LENGTH_MS[slot]).toISOString();
    return anomalies.some((one) => end > one.began_at && (!one.ended_at || at < one.ended_at));
  };
