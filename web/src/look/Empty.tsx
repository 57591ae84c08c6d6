import { Stack, Text, Title } from "@mantine/core";
import type { Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";

interface Props {
  icon: Icon;
  title: string;
  /** What it means, in a sentence. */
  why?: ReactNode;
  /** What to do next: usually one button. */
  children?: ReactNode;
}

/** Says that there is nothing here, why, and what to do next. */
export function Empty({ icon: Icon, title, why, children }: Props) {
  return (
    <Stack align="center" gap="xs" py={56} px="md" ta="center">
      <Icon size={36} stroke={1.3} color="var(--mantine-color-dimmed)" aria-hidden />
      <Title order={2} size="h4">
        {title}
      </Title>
      {why && (
        <Text c="dimmed" size="sm" maw={460}>
          {why}
        </Text>
      )}
      {children && <div style={{ marginTop: 8 }}>{children}</div>}
    </Stack>
  );
}
