/** Versions of the policy, exact, as they leave in a file. */
import type { VersionLine } from "../../../api/types";
import type { Cell } from "../../../look/csv";

const HEAD = ["version", "state", "origin", "objective", "gamma", "floor", "note", "by"];
const TIMES = ["created_at", "promoted_at", "retired_at"] as const;
const GAIN = ["gain", "gain_low", "gain_high", "gain_support"];

/** `gain` is that over the running version, per decision, where it was asked for. */
export function versionsTable(versions: readonly VersionLine[]): Cell[][] {
  const rows = versions.map((one): Cell[] => {
    const { objective, gamma, floor } = one.settings;
    const estimate = one.shown?.estimate;
    return [
      one.version,
      one.state,
      one.origin,
      objective ?? null,
      gamma ?? null,
      floor ?? null,
      one.note,
      one.by,
      ...TIMES.map((at) => one[at]),
      ...(estimate ? [estimate.value, ...estimate.interval] : [null, null, null]),
      one.shown?.support.words ?? null,
    ];
  });
  return [[...HEAD, ...TIMES, ...GAIN], ...rows];
}
