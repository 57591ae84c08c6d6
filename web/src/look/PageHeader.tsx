import { Group, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import type { ReactNode } from "react";

interface Props {
  title: string;
  about?: ReactNode;
  /** Buttons at the right. */
  children?: ReactNode;
}

/** The top of every page: its name, a sentence about it, and its actions. */
export function PageHeader({ title, about, children }: Props) {
  useDocumentTitle(`${title} · Promosight`);
  return (
    <Group justify="space-between" align="flex-end" mb="md" gap="sm">
      <div>
        <Title order={1} size="h2">
          {title}
        </Title>
        {about && (
          <Text c="dimmed" size="sm" mt={2}>
            {about}
          </Text>
        )}
      </div>
      {children && <Group gap="xs">{children}</Group>}
    </Group>
  );
}
