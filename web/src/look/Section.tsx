import { Group, Text } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./look.module.css";
import { Surface } from "./Surface";

interface Props {
  title: string;
  about?: ReactNode;
  /** What stands at the right of the title. */
  aside?: ReactNode;
  children: ReactNode;
  /** A table reaches to the edges. */
  isFlush?: boolean;
}

/** A part of a page on a sheet of its own, with its title. */
export function Section({ title, about, aside, children, isFlush = false }: Props) {
  return (
    <section aria-label={title}>
      <Surface>
        <Group justify="space-between" align="flex-start" gap="sm" className={classes.sectionHead}>
          <div>
            <h2 className={classes.sectionTitle}>{title}</h2>
            {about && (
              <Text size="sm" c="dimmed" maw={720}>
                {about}
              </Text>
            )}
          </div>
          {aside}
        </Group>
        <div className={isFlush ? undefined : classes.sectionBody}>{children}</div>
      </Surface>
    </section>
  );
}
