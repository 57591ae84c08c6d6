import { Loader, Stack, Text } from "@mantine/core";
import { IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import { Link } from "react-router";
import { useSession } from "../../../api/session";
import type { Shop } from "../../../api/types";
import { instant } from "../../../format";
import { OutcomeTag } from "../../../look/Tag";
import classes from "../wizard/wizard.module.css";
import { isSigned, meaningOf, NAMES, PLACES } from "./words";

/** The last message of a shop: that it has come, what it came to, and what to do about it. */
export function ShopLanded({ shop }: { shop: Shop }) {
  const isThere = Boolean(shop.last_message);
  return (
    <section className={classes.panel} aria-label="The last message" data-landed={isThere}>
      <div aria-live="polite">{isThere ? <Landed shop={shop} /> : <Waiting shop={shop} />}</div>
    </section>
  );
}

function Landed({ shop }: { shop: Shop }) {
  const { workspace } = useSession();
  const last = shop.last_message;
  if (!last) return null;
  const isGood = isSigned(shop);
  const Mark = isGood ? IconCircleCheck : IconCircleX;
  const isProblem = last.outcome === "pending" || last.outcome === "rejected";
  return (
    <div className={classes.landed}>
      <div className={classes.waiting}>
        <Mark size={22} color={`var(${isGood ? "--ps-good" : "--ps-bad"})`} aria-hidden />
        <strong>
          {isGood ? `A message of ${NAMES[shop.kind]} has landed` : "A message was turned away"}
        </strong>
        <OutcomeTag outcome={last.outcome} />
      </div>
      <Text size="sm">{meaningOf(last)}</Text>
      <dl className={classes.facts}>
        <dt>Event</dt>
        <dd>{last.event}</dd>
        {last.reason && (
          <>
            <dt>Reason</dt>
            <dd>{last.reason.replaceAll("_", " ")}</dd>
          </>
        )}
        <dt>Received</dt>
        <dd>{instant(last.received_at, workspace.time_zone)}</dd>
      </dl>
      {isProblem && (
        <Text size="sm">
          <Link to={`/problems?source=${encodeURIComponent(shop.source)}`}>
            Look at the problem
          </Link>
        </Text>
      )}
    </div>
  );
}

function Waiting({ shop }: { shop: Shop }) {
  return (
    <Stack gap={6}>
      <div className={classes.waiting}>
        <Loader size="sm" type="dots" aria-hidden />
        <strong>Waiting for {NAMES[shop.kind]}...</strong>
      </div>
      <Text size="sm" c="dimmed">
        {PLACES[shop.kind].test}
      </Text>
    </Stack>
  );
}
