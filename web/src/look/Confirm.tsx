import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { ApiError } from "../api/client";
import { FormFailure } from "./FormFailure";

interface Props {
  isOpen: boolean;
  close: () => void;
  title: string;
  /** What will happen, in a sentence or two. */
  children: ReactNode;
  /** The word on the button that does it. */
  doing: string;
  isDangerous?: boolean;
  /** Until something that is asked for in `children` is given. */
  isDisabled?: boolean;
  isBusy?: boolean;
  error?: unknown;
  onConfirm: () => void;
}

/** Asks before something is done that cannot be taken back, or that others notice. */
export function Confirm(props: Props) {
  const { isOpen, close, title, children, doing, isBusy, error, onConfirm } = props;
  return (
    <Modal opened={isOpen} onClose={close} title={title}>
      <Stack gap="md">
        <Text size="sm" component="div">
          {children}
        </Text>
        {error instanceof ApiError && <FormFailure error={error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button
            color={props.isDangerous ? "red" : undefined}
            disabled={props.isDisabled}
            loading={isBusy}
            onClick={onConfirm}
          >
            {doing}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
