import { IconChevronRight } from "@tabler/icons-react";
import { useId } from "react";
import { useSession } from "../../../api/session";
import type { Delivery, Webhook } from "../../../api/types";
import { moment } from "../../../format";
import { Ago } from "../../../look/Ago";
import { Tag } from "../../../look/Tag";
import { Deliveries } from "./Deliveries";
import { useLastDelivery } from "./deliveries";
import { type Question, WebhookMenu } from "./WebhookMenu";
import classes from "./webhooks.module.css";
import { DISABLED, labelOf, standingOf, stateOf, toldOf } from "./words";

interface Props {
  webhook: Webhook;
  isOpen: boolean;
  toggle: () => void;
  onAsk: (what: Question) => void;
}

/** One webhook: what it is told, how it stands, what was sent last; and, opened, all that was. */
export function WebhookRow({ webhook, isOpen, toggle, onAsk }: Props) {
  const inner = useId();
  const { data: last } = useLastDelivery(webhook);
  return (
    <li className={classes.item}>
      <div className={classes.row}>
        <div className={classes.name}>
          <button
            type="button"
            className={classes.url}
            aria-expanded={isOpen}
            aria-controls={isOpen ? inner : undefined}
            onClick={toggle}
          >
            <IconChevronRight size={16} aria-hidden />
            <span>{webhook.url}</span>
          </button>
          <span className={classes.small}>
            {webhook.description && `${webhook.description}. `}
            {toldOf(webhook)}
          </span>
        </div>
        <Standing webhook={webhook} isUntold={last === null} />
        <Last delivery={last} />
        <WebhookMenu webhook={webhook} onAsk={onAsk} />
      </div>
      {isOpen && (
        <div id={inner} className={classes.inner}>
          <Deliveries webhook={webhook} />
        </div>
      )}
    </li>
  );
}

function Standing({ webhook, isUntold }: { webhook: Webhook; isUntold: boolean }) {
  const { workspace } = useSession();
  const [word, tone] = standingOf(webhook, isUntold);
  const { enabled, failing_since, disabled_reason } = webhook;
  return (
    <div className={classes.cell}>
      <Tag tone={tone}>{word}</Tag>
      <span className={classes.small}>
        {enabled && failing_since && `since ${moment(failing_since, workspace.time_zone)}`}
        {!enabled && disabled_reason && DISABLED[disabled_reason]?.brief}
      </span>
    </div>
  );
}

function Last({ delivery }: { delivery: Delivery | null | undefined }) {
  if (delivery === undefined) return <div className={classes.cell} />;
  if (delivery === null) return <div className={classes.cell}>Nothing sent yet</div>;
  const [word] = stateOf(delivery);
  const isWaiting = delivery.state === "waiting";
  return (
    <div className={classes.cell}>
      <span>
        <span className="only-read-aloud">Last delivery: </span>
        {labelOf(delivery.type)}
      </span>
      <span className={classes.small}>
        {word}
        {!isWaiting && (
          <>
            {" "}
            <Ago at={delivery.last_attempt_at ?? delivery.created_at} />
          </>
        )}
      </span>
    </div>
  );
}
