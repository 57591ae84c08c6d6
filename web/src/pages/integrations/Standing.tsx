import { IconAlertTriangle } from "@tabler/icons-react";
import type { Source } from "../../api/types";
import { ago } from "../../format";
import { Ago, useNow } from "../../look/Ago";
import { Tag } from "../../look/Tag";
import { cadenceOf } from "./cadences";
import classes from "./integrations.module.css";
import { isLive, isOurs } from "./sources";

/** Whether a source is our own, being set up, live, or silent for too long. */
export function StateTag({ source }: { source: Source }) {
  if (isOurs(source)) return <Tag tone="good">Built in</Tag>;
  if (!isLive(source)) return <Tag tone="accent">Setting up</Tag>;
  return source.overdue ? <Tag tone="bad">Overdue</Tag> : <Tag tone="good">Live</Tag>;
}

/** When a source was last heard. */
export function LastHeard({ source }: { source: Source }) {
  if (!source.last_heard_at) return <>Not heard yet</>;
  return (
    <>
      Heard <Ago at={source.last_heard_at} />
    </>
  );
}

/** Says that a source is silent for longer than its cadence allows. */
export function Overdue({ source }: { source: Source }) {
  const now = useNow();
  if (!source.overdue) return null;
  return (
    <p className={classes.overdue}>
      <IconAlertTriangle size={16} aria-hidden />
      {overdueText(source, now)}
    </p>
  );
}

function overdueText(source: Source, now: number): string {
  const expected = `Expected ${cadenceOf(source.cadence).adverb}`;
  if (source.last_heard_at) return `${expected}, last heard ${ago(source.last_heard_at, now)}`;
  return `${expected}, live since ${ago(source.live_since ?? source.created_at, now)}, not heard yet`;
}
