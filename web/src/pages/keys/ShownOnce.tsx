import { Alert, Code, Group, Stack, Text } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { CopyButton } from "../../look/CopyButton";
import classes from "./keys.module.css";

/** A new key's secret, with the word that it is shown this once. */
export function ShownOnce({ secret }: { secret: string }) {
  return (
    <Alert
      color="yellow"
      variant="light"
      icon={<IconKey size={18} />}
      title="This key is shown once"
      role="status"
      classNames={{ title: classes.onceTitle }}
    >
      <Stack gap="xs">
        <Text size="sm" c="var(--mantine-color-text)">
          Copy it to where your system keeps its secrets. Only a fingerprint of it is stored here,
          so nobody can show it again; if it is lost, make another.
        </Text>
        <Group gap="xs" wrap="nowrap" align="center">
          <Code className={classes.secret} aria-label="The key">
            {secret}
          </Code>
          <CopyButton text={secret} what="the key" />
        </Group>
      </Stack>
    </Alert>
  );
}
