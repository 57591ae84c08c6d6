import { Code, Group, Stack, Text } from "@mantine/core";
import { CopyButton } from "../../look/CopyButton";
import { Note } from "../../look/Note";
import classes from "./keys.module.css";

/** A new key's secret, with the word that it is shown this once. */
export function ShownOnce({ secret }: { secret: string }) {
  return (
    <div role="status">
      <Note tone="warn" title="This key is shown once">
        <Stack gap="xs">
          <Text size="sm">
            Copy it to where your system keeps its secrets. Only a fingerprint of it is stored here,
            so nobody can show it again; if it is lost, make another.
          </Text>
          <Group gap="xs">
            <Code className={classes.secret} aria-label="The key">
              {secret}
            </Code>
            <CopyButton text={secret} what="the key" />
          </Group>
        </Stack>
      </Note>
    </div>
  );
}
