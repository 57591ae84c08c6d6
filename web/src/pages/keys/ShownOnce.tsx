import { Code, Group, Stack, Text } from "@mantine/core";
import { type ReactNode, useEffect, useRef } from "react";
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
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    // The button that made it is gone, and the focus with it.
    if (document.activeElement === document.body) place.current?.focus();
  }, []);
  return (
    <div role="status">
      <Note tone="warn" title={`This ${what} is shown once`}>
        <Stack gap="xs">
          <Text size="sm">{children}</Text>
          <Group gap="xs">
            <Code ref={place} tabIndex={-1} className={classes.secret} aria-label={`The ${what}`}>
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
