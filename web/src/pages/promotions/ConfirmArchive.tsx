import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import type { Promotion } from "../../api/types";
import { useStatusChange } from "./changes";

interface Props {
  promotion: Promotion;
  onClose: () => void;
}

/** Asks before a promotion is archived: there is no way back. */
export function ConfirmArchive({ promotion, onClose }: Props) {
  const { mutate, isPending } = useStatusChange();
  const archive = () => mutate({ promotion, change: "archive" }, { onSettled: onClose });
  return (
    <Modal opened onClose={onClose} title={`Archive ${promotion.name}?`}>
      <Stack gap="md">
        <Text size="sm">
          Archiving is final: it can be looked at and duplicated, but never changed or activated
          again. Its figures stay, and redemptions of rewards given before still count.
        </Text>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose} data-autofocus>
            Keep it
          </Button>
          <Button color="red" onClick={archive} loading={isPending}>
            Archive for good
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
