import { Text } from "@mantine/core";
import { IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { useSession } from "../../../api/session";
import type { SourceTest } from "../../../api/types";
import { DASH, instant } from "../../../format";
import { Note } from "../../../look/Note";
import { OutcomeTag } from "../../../look/Tag";
import { meaning } from "./meanings";
import classes from "./wizard.module.css";

/** What was sent and is kept nowhere, most likely because it is written otherwise. */
function Unknown({ fields }: { fields: SourceTest["unknown_fields"] }) {
  return (
    <Note tone="warn">
      What it says here is kept nowhere:
      <ul className={classes.unknown}>
        {fields.map(({ pointer, detail }) => (
          <li key={pointer}>
            <b>{nameIn(pointer)}</b>: {detail}
          </li>
        ))}
      </ul>
    </Note>
  );
}

/** The name that a JSON Pointer leads to; in a list, behind the place of its element. */
const nameIn = (pointer: string) => pointer.slice(1).replaceAll("~1", "/").replaceAll("~0", "~");

/** A test event that has arrived: what it came to, what that means, and what to do about it. */
export function TestLanded({ test }: { test: SourceTest }) {
  const { workspace } = useSession();
  const { says, next } = meaning(test);
  const isRefused = test.outcome === "rejected";
  const Mark = isRefused ? IconCircleX : IconCircleCheck;
  return (
    <div className={classes.landed}>
      <div className={classes.waiting}>
        <Mark size={22} color={`var(${isRefused ? "--ps-bad" : "--ps-good"})`} aria-hidden />
        <strong>Your test event has landed</strong>
        <OutcomeTag outcome={test.outcome} />
      </div>
      <Text size="sm">{says}</Text>
      {next && (
        <Text size="sm" c="dimmed">
          {next}
        </Text>
      )}
      {test.unknown_fields.length > 0 && <Unknown fields={test.unknown_fields} />}
      <dl className={classes.facts}>
        <dt>Event</dt>
        <dd>{test.event_id ?? DASH}</dd>
        <dt>Promotion</dt>
        <dd>{test.promotion_id ?? DASH}</dd>
        <dt>Customer</dt>
        <dd>{test.customer_id ?? DASH}</dd>
        {test.reason && (
          <>
            <dt>Reason</dt>
            <dd>{test.reason}</dd>
          </>
        )}
        <dt>Received</dt>
        <dd>{instant(test.received_at, workspace.time_zone)}</dd>
      </dl>
      <Text size="xs" c="dimmed">
        It was a test: nothing was counted.
      </Text>
    </div>
  );
}
