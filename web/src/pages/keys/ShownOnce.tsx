import { Code, Group, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { CopyButton } from "../../look/CopyButton";
import { Note } from "../../look/Note";
import classes from "./keys.module.css";

interface Props {
  secret: string;
  what?: "key" | "secret";
  /** What to do with it. */
  children?: ReactNode;
}

/** A new secret, such as a key's, with the word that it is shown this once. */
export function ShownOnce({ secret, what = "key", children = OF_KEY }: Props) {
  return (
    <div role="status">
      <Note tone="warn" title={`This ${what} is shown once`}>
        <Stack gap="xs">
          <Text size="sm">{children}</Text>
          <Group gap="xs">
            <Code className={classes.secret} aria-label={`The ${what}`}>
              {secret}
            </Code>
            <CopyButton text={secret} what={`the ${what}`} />
          </Group>
        </Stack>
      </Note>
    </div>
  );
}

const OF_KEY =
  "Copy it to where your system keeps its secrets. Only a fingerprint of it is stored here, so nobody can show it again; if it is lost, make another.";
