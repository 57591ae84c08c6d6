import { Text } from "@mantine/core";
import { IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { useSession } from "../../../api/session";
import type { SourceTest } from "../../../api/types";
import { DASH, instant } from "../../../format";
import { OutcomeTag } from "../../../look/Tag";
import { meaning } from "./meanings";
import classes from "./wizard.module.css";

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
