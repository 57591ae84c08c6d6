import { Button } from "@mantine/core";
import type { Delivery, Webhook } from "../../../api/types";
import { ago } from "../../../format";
import { Ago, useNow } from "../../../look/Ago";
import { Tag } from "../../../look/Tag";
import { AboutDelivery } from "./AboutDelivery";
import { useResend } from "./webhooks";
import classes from "./webhooks.module.css";
import { labelOf, outcomeOf, stateOf } from "./words";

interface Props {
  delivery: Delivery;
  webhook: Webhook;
}

/** One message: what it is about, what came of it, and when it is sent next. */
export function DeliveryLine({ delivery, webhook }: Props) {
  const [word, tone] = stateOf(delivery);
  const outcome = outcomeOf(delivery);
  return (
    <li className={classes.delivery}>
      <div className={classes.cell}>
        <strong>{labelOf(delivery.type)}</strong>
        <span className={classes.small}>
          <AboutDelivery delivery={delivery} />
        </span>
      </div>
      <div className={classes.cell}>
        <span className={classes.state}>
          <Tag tone={tone}>{word}</Tag>
          <span className={classes.small}>
            <Ago at={delivery.last_attempt_at ?? delivery.created_at} />
          </span>
        </span>
        {outcome && <span className={classes.small}>{outcome}</span>}
        <Next at={delivery.next_attempt_at} isSent={webhook.enabled} />
      </div>
      <Again delivery={delivery} webhook={webhook} />
    </li>
  );
}

function Next({ at, isSent }: { at: string | null; isSent: boolean }) {
  const now = useNow();
  if (at === null) return null;
  const isSoon = Date.parse(at) - now < 10_000;
  const when = `Next attempt ${isSoon ? "in a moment" : ago(at, now)}`;
  return (
    <span className={classes.small}>{isSent ? when : "Waits until the webhook is enabled"}</span>
  );
}

function Again({ delivery, webhook }: Props) {
  const again = useResend(webhook, delivery);
  if (delivery.state === "waiting" && delivery.attempts === 0) return <span />;
  const doing = delivery.state === "waiting" ? "Send now" : "Resend";
  return (
    <Button
      size="compact-xs"
      variant="default"
      disabled={!webhook.enabled}
      loading={again.isPending}
      onClick={again.start}
      aria-label={`${doing}: ${labelOf(delivery.type)} ${delivery.event_id ?? delivery.source ?? ""}`}
    >
      {doing}
    </Button>
  );
}
