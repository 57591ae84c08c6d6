import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import type { Webhook } from "../../../api/types";
import { FormFailure } from "../../../look/FormFailure";
import { ShownOnce } from "../../keys/ShownOnce";
import { useNewSecret } from "./webhooks";

/** A webhook's secret, which is looked at this once. */
export function Secret({ secret, close }: { secret: string; close: () => void }) {
  return (
    <Stack gap="md">
      <ShownOnce secret={secret} what="secret">
        Copy it to where the receiver keeps its secrets: with it the receiver verifies that a
        message comes from here. Nobody can show it again; if it is lost, make a new one.
      </ShownOnce>
      <Group justify="flex-end">
        <Button onClick={close}>I have kept it</Button>
      </Group>
    </Stack>
  );
}

/** Asks before a webhook is given another secret, and then shows it. */
export function NewSecret({ webhook, close }: { webhook?: Webhook; close: () => void }) {
  return (
    <Modal opened={Boolean(webhook)} onClose={close} title="New secret" closeOnClickOutside={false}>
      {webhook && <Making webhook={webhook} close={close} />}
    </Modal>
  );
}

function Making({ webhook, close }: { webhook: Webhook; close: () => void }) {
  const making = useNewSecret();
  if (making.data) return <Secret secret={making.data.secret ?? ""} close={close} />;
  return (
    <Stack gap="md">
      <Text size="sm" style={{ overflowWrap: "anywhere" }}>
        Messages to <strong>{webhook.url}</strong> are signed with a new secret. The old one signs
        beside it for 24 hours, so that the receiver can change without missing anything; after
        that, it is of no use.
      </Text>
      <FormFailure error={making.error} />
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={close}>
          Cancel
        </Button>
        <Button
          data-autofocus
          loading={making.isPending}
          onClick={() => making.mutate(webhook.webhook_id)}
        >
          Make a new secret
        </Button>
      </Group>
    </Stack>
  );
}
