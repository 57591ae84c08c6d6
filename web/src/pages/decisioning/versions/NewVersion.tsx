import { Button, Checkbox, Group, Modal, NumberInput, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { FormFailure, fieldErrors } from "../../../look/FormFailure";
import { tell } from "../../../look/tell";
import { useDecisioning, useMakeVersion } from "../asked";
import { TryingSlider } from "../settings/TryingSlider";

/** Makes a candidate: another amount of trying, or all that was learned gone over anew. It does not run by this. */
export function NewVersion({ close }: { close: () => void }) {
  const { data } = useDecisioning();
  const [gamma, setGamma] = useState(data?.settings.gamma ?? 10);
  const [floor, setFloor] = useState<number | string>((data?.settings.floor ?? 0.02) * 100);
  const [refit, setRefit] = useState(false);
  const [automatic, setAutomatic] = useState(false);
  const [note, setNote] = useState("");
  const making = useMakeVersion();
  const errors = fieldErrors(making.error);
  const make = () =>
    making.mutate(
      {
        settings: { gamma, floor: Number(floor) / 100 },
        refit,
        automatic,
        note: note.trim() || undefined,
      },
      {
        onSuccess: ({ version }) => {
          tell(`Version ${version} is a candidate now.`);
          close();
        },
      },
    );
  return (
    <Modal opened onClose={close} title="New version">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          make();
        }}
      >
        <Stack gap="md">
          <TryingSlider gamma={gamma} onChange={setGamma} />
          <NumberInput
            label="Always at random"
            suffix="%"
            decimalScale={2}
            value={floor}
            onChange={setFloor}
          />
          <Checkbox
            label="Go over all that was learned anew"
            description="Slower, and more exact after a long time."
            checked={refit}
            onChange={(event) => setRefit(event.currentTarget.checked)}
          />
          <Checkbox
            label="Promote it by itself as soon as a gain is shown"
            checked={automatic}
            onChange={(event) => setAutomatic(event.currentTarget.checked)}
          />
          <TextInput
            label="Note"
            description="For the history"
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          <FormFailure
            error={making.error}
            shown={Object.keys(errors).filter((one) => one !== "settings")}
          />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={making.isPending}>
              Make candidate
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
