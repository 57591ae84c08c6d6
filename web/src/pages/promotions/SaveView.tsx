import { Button, Checkbox, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../api/client";
import { useMay } from "../../api/session";
import { sentence } from "../../format";
import type { useSavedViews } from "./savedViews";

interface Props {
  query: string;
  onClose: () => void;
  save: ReturnType<typeof useSavedViews>["save"];
}

/** Asks what a view shall be called, and whose it is. */
export function SaveView({ query, onClose, save }: Props) {
  const mayShare = useMay("promotions:write");
  const [name, setName] = useState("");
  const [shared, setShared] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ name: name.trim(), query, shared }, { onSuccess: onClose });
  };
  const { error } = save;
  const why = error instanceof ApiError ? (error.of("/name") ?? error.detail) : error?.message;
  return (
    <Modal opened onClose={onClose} title="Save view" size="sm">
      <form onSubmit={submit}>
        <Stack gap="md">
          <TextInput
            label="Name"
            placeholder="Spring campaign"
            required
            maxLength={60}
            data-autofocus
            value={name}
            error={why && sentence(why)}
            errorProps={{ role: "alert" }}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          {mayShare && (
            <Checkbox
              label="For everybody in the workspace"
              checked={shared}
              onChange={(event) => setShared(event.currentTarget.checked)}
            />
          )}
          <Text size="sm" c="dimmed">
            Filters, order and columns are kept under this name, on every device you sign in on. A
            view of this name is replaced.
          </Text>
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={!name.trim()} loading={save.isPending}>
              Save view
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
