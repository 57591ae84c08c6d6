import type { ReactNode } from "react";
import { titled } from "../format";
import classes from "./look.module.css";

export type Tone = "good" | "warn" | "bad" | "quiet" | "accent";

/** A word with a colour that means something; the word alone says it too. */
export function Tag({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={classes.tag} data-tone={tone}>
      {children}
    </span>
  );
}

const STATUS: Record<string, Tone> = {
  active: "good",
  draft: "accent",
  deactivated: "warn",
  archived: "quiet",
};

export function StatusTag({ status }: { status: string }) {
  return <Tag tone={STATUS[status] ?? "quiet"}>{titled(status)}</Tag>;
}

export function KindTag({ kind }: { kind: string }) {
  return <Tag tone="quiet">{titled(kind)}</Tag>;
}

const OUTCOME: Record<string, Tone> = {
  counted: "good",
  created: "good",
  duplicate: "quiet",
  excess: "warn",
  unassigned: "warn",
  pending: "warn",
  flagged: "bad",
  rejected: "bad",
};

export function OutcomeTag({ outcome }: { outcome: string }) {
  return <Tag tone={OUTCOME[outcome] ?? "quiet"}>{titled(outcome)}</Tag>;
}

/** Outcomes in the order people think of them. */
export function outcomesInOrder(
  outcomes: Record<string, number>,
): [outcome: string, count: number][] {
  const order = Object.keys(OUTCOME);
  return Object.entries(outcomes).sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
}
