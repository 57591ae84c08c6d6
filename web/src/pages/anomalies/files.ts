/** The tables of an anomaly, exact, as they leave in a file. */
import type { Anomaly } from "../../api/types";
import type { Cell } from "../../look/csv";
import { isAnomalous } from "./overTime";

export function linesTable({ breakdown }: Anomaly): Cell[][] {
  const rows = breakdown
    .toSorted((a, b) => b.share - a.share)
    .map((one) => [one.dimension, one.word, one.expected, one.actual, one.share]);
  return [["dimension", "word", "expected", "counted", "share"], ...rows];
}

export function slotsTable(anomaly: Anomaly): Cell[][] {
  const isIn = isAnomalous({ slot: anomaly.slot, anomalies: [anomaly] });
  const rows = anomaly.slots.map((one): Cell[] => [
    one.at,
    one.actual,
    one.expected,
    one.low,
    one.high,
    String(isIn(one)),
  ]);
  return [["at", "counted", "expected", "least", "most", "in_anomaly"], ...rows];
}
