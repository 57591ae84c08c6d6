import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { IconArrowLeft, IconArrowRight } from "@tabler/icons-react";
import { type ReactNode, useEffect, useRef } from "react";
import classes from "./wizard.module.css";

interface Props {
  title: string;
  about: ReactNode;
  children: ReactNode;
  onBack?: () => void;
  /** The way on: its word, and whether it can be gone yet. */
  next?: { label: string; isBusy?: boolean; isOff?: boolean; onClick: () => void };
  /** Another way on. */
  aside?: ReactNode;
}

/** One step of the wizard: what it asks and why, and the ways back and on. Its title is read when it appears. */
export function StepFrame({ title, about, children, onBack, next, aside }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <Stack gap="lg">
      <div>
        <Title order={2} size="h3" ref={heading} tabIndex={-1} className={classes.heading}>
          {title}
        </Title>
        <Text c="dimmed" size="sm" mt={4} maw={640}>
          {about}
        </Text>
      </div>
      {children}
      <Group justify="space-between" gap="xs">
        {onBack ? (
          <Button variant="default" leftSection={<IconArrowLeft size={16} />} onClick={onBack}>
            Back
          </Button>
        ) : (
          <span />
        )}
        <Group gap="xs">
          {aside}
          {next && (
            <Button
              rightSection={<IconArrowRight size={16} />}
              onClick={next.onClick}
              loading={next.isBusy}
              disabled={next.isOff}
            >
              {next.label}
            </Button>
          )}
        </Group>
      </Group>
    </Stack>
  );
}
