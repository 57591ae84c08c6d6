import { Modal } from "@mantine/core";
import { useState } from "react";
import type { Webhook } from "../../../api/types";
import { DisableWebhook, RemoveWebhook } from "./Questions";
import { NewSecret, Secret } from "./Secret";
import { AddWebhook, ChangeWebhook } from "./WebhookForm";
import type { Question } from "./WebhookMenu";

export type Asked = { what: "add" } | { what: Question; webhook: Webhook };

interface Props {
  asked: Asked | undefined;
  close: () => void;
  /** Opens a webhook of the list. */
  choose: (id: string) => void;
}

/** What is asked about webhooks, one thing at a time. */
export function Dialogs({ asked, close, choose }: Props) {
  const of = (what: Question) => (asked?.what === what ? asked.webhook : undefined);
  const changed = of("change");
  return (
    <>
      <Adding isOpen={asked?.what === "add"} close={close} choose={choose} />
      <Modal opened={Boolean(changed)} onClose={close} title="Edit the webhook">
        {changed && <ChangeWebhook webhook={changed} close={close} />}
      </Modal>
      <DisableWebhook webhook={of("disable")} close={close} />
      <NewSecret webhook={of("secret")} close={close} />
      <RemoveWebhook webhook={of("remove")} close={close} />
    </>
  );
}

interface AddingProps {
  isOpen: boolean;
  close: () => void;
  choose: (id: string) => void;
}

/** Adds a webhook, shows its secret once, and then what is sent to it. */
function Adding({ isOpen, close, choose }: AddingProps) {
  const [secret, setSecret] = useState<string>();
  const leave = () => {
    setSecret(undefined);
    close();
  };
  return (
    <Modal
      opened={isOpen}
      onClose={leave}
      title={secret ? "The webhook is added" : "Add a webhook"}
      closeOnClickOutside={false}
    >
      {secret ? (
        <Secret secret={secret} close={leave} />
      ) : (
        <AddWebhook
          close={leave}
          onAdded={(id, made) => {
            setSecret(made);
            choose(id);
          }}
        />
      )}
    </Modal>
  );
}
