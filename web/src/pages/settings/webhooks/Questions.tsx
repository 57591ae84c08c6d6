import type { Webhook } from "../../../api/types";
import { asking } from "../../../look/asking";
import { Confirm } from "../../../look/Confirm";
import { useChangeWebhook, useRemoveWebhook } from "./webhooks";
import classes from "./webhooks.module.css";

interface Props {
  webhook: Webhook | undefined;
  close: () => void;
}

/** Asks before a webhook is told nothing for a while: what it misses is not told later. */
export function DisableWebhook({ webhook, close }: Props) {
  const changing = useChangeWebhook(webhook?.webhook_id ?? "");
  const { shown, done } = asking(changing, close, "The webhook is disabled.");
  return (
    <Confirm
      isOpen={webhook !== undefined}
      {...shown}
      title="Disable this webhook?"
      doing="Disable the webhook"
      onConfirm={() => changing.mutate({ enabled: false }, { onSuccess: done })}
    >
      <strong className={classes.word}>{webhook?.url}</strong> is told nothing until somebody
      enables it. What comes true meanwhile is not told later; what waits now is sent then.
    </Confirm>
  );
}

/** Asks before a webhook is deleted. */
export function RemoveWebhook({ webhook, close }: Props) {
  const removing = useRemoveWebhook();
  const { shown, done } = asking(removing, close, "The webhook is deleted.");
  return (
    <Confirm
      isOpen={webhook !== undefined}
      {...shown}
      title="Delete this webhook?"
      doing="Delete the webhook"
      isDangerous
      onConfirm={() => webhook && removing.mutate(webhook.webhook_id, { onSuccess: done })}
    >
      <strong className={classes.word}>{webhook?.url}</strong> is told nothing more. Its secret,
      what waits for it and the list of what was sent to it go with it.
    </Confirm>
  );
}
