import type { Webhook } from "../../../api/types";
import { Confirm } from "../../../look/Confirm";
import { tell } from "../../../look/tell";
import { useChangeWebhook, useRemoveWebhook } from "./webhooks";
import classes from "./webhooks.module.css";

interface Props {
  webhook: Webhook | undefined;
  close: () => void;
}

/** Asks before a webhook is told nothing for a while: what it misses is not told later. */
export function DisableWebhook({ webhook, close }: Props) {
  const changing = useChangeWebhook(webhook?.webhook_id ?? "");
  const leave = () => {
    changing.reset();
    close();
  };
  const done = () => {
    tell("The webhook is disabled.");
    leave();
  };
  return (
    <Confirm
      isOpen={webhook !== undefined}
      close={leave}
      title="Disable this webhook?"
      doing="Disable the webhook"
      isBusy={changing.isPending}
      error={changing.error}
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
  const leave = () => {
    removing.reset();
    close();
  };
  const done = () => {
    tell("The webhook is deleted.");
    leave();
  };
  return (
    <Confirm
      isOpen={webhook !== undefined}
      close={leave}
      title="Delete this webhook?"
      doing="Delete the webhook"
      isDangerous
      isBusy={removing.isPending}
      error={removing.error}
      onConfirm={() => webhook && removing.mutate(webhook.webhook_id, { onSuccess: done })}
    >
      <strong className={classes.word}>{webhook?.url}</strong> is told nothing more. Its secret,
      what waits for it and the list of what was sent to it go with it.
    </Confirm>
  );
}
