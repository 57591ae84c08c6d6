import { ActionIcon, Menu } from "@mantine/core";
import {
  IconDots,
  IconKey,
  IconPencil,
  IconPlayerPause,
  IconPlayerPlay,
  IconSend,
  IconTrash,
} from "@tabler/icons-react";
import type { Webhook } from "../../../api/types";
import { useEnabling, useTest } from "./webhooks";
import classes from "./webhooks.module.css";

/** What is asked about before it is done. */
export type Question = "change" | "disable" | "secret" | "remove";

interface Props {
  webhook: Webhook;
  onAsk: (what: Question) => void;
}

/** What can be done with a webhook. */
export function WebhookMenu({ webhook, onAsk }: Props) {
  const testing = useTest(webhook);
  const enabling = useEnabling(webhook);
  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <ActionIcon
          className={classes.menu}
          variant="subtle"
          color="gray"
          c="inherit"
          aria-label={`Actions of ${webhook.url}`}
        >
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {webhook.enabled && (
          <Menu.Item leftSection={<IconSend size={16} />} onClick={testing.start}>
            Send a test
          </Menu.Item>
        )}
        <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => onAsk("change")}>
          Edit
        </Menu.Item>
        <Menu.Item leftSection={<IconKey size={16} />} onClick={() => onAsk("secret")}>
          New secret
        </Menu.Item>
        {webhook.enabled ? (
          <Menu.Item leftSection={<IconPlayerPause size={16} />} onClick={() => onAsk("disable")}>
            Disable
          </Menu.Item>
        ) : (
          <Menu.Item leftSection={<IconPlayerPlay size={16} />} onClick={enabling.start}>
            Enable
          </Menu.Item>
        )}
        <Menu.Item
          c="var(--ps-bad)"
          leftSection={<IconTrash size={16} />}
          onClick={() => onAsk("remove")}
        >
          Delete
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
