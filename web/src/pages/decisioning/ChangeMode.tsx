import { Button, Group, Modal, Radio, Stack, Text } from "@mantine/core";
import { useState } from "react";
import type { DecisionSettings } from "../../api/types";
import { FormFailure } from "../../look/FormFailure";
import { Note } from "../../look/Note";
import { tell } from "../../look/tell";
import { useChangeSettings } from "./asked";
import { OfferSelect } from "./OfferSelect";
import { MODES, modeWords } from "./words";

interface Props {
  settings: DecisionSettings;
  close: () => void;
}

const EFFECTS: Record<string, string> = {
  live: "From the next decision on, customers get what is chosen for them.",
  apprentice: "From the next decision on, choices are logged and not acted on.",
  fixed:
    "From the next decision on, everybody gets this offer, whatever would suit them. Nothing is learned of it.",
  off: "From the next decision on, every answer is: no offer.",
};

/** Changes the mode after saying what that does: the kill switch is one of them. */
export function ChangeMode({ settings, close }: Props) {
  const [mode, setMode] = useState(settings.mode);
  const [fixed, setFixed] = useState(settings.fixed);
  const saving = useChangeSettings();
  const isSame = mode === settings.mode && (mode !== "fixed" || fixed === settings.fixed);
  const save = () =>
    saving.mutate(mode === "fixed" ? { mode, fixed } : { mode }, {
      onSuccess: () => {
        tell(`Decisioning: ${modeWords(mode).label.toLowerCase()}.`);
        close();
      },
    });
  return (
    <Modal opened onClose={close} title="Change mode">
      <Stack gap="md">
        <Radio.Group label="Mode" value={mode} onChange={setMode}>
          <Stack gap="sm" mt={6}>
            {Object.entries(MODES).map(([id, { label, says }]) => (
              <Radio
                key={id}
                value={id}
                label={id === "fixed" ? "Fixed offer (kill switch)" : label}
                description={says}
              />
            ))}
          </Stack>
        </Radio.Group>
        {mode === "fixed" && (
          <OfferSelect
            label="What everybody gets"
            noneLabel="No offer"
            value={fixed}
            onChange={setFixed}
          />
        )}
        {!isSame && (
          <Note tone={mode === "live" || mode === "apprentice" ? "accent" : "warn"}>
            <Text size="sm">{EFFECTS[mode]}</Text>
          </Note>
        )}
        <FormFailure error={saving.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button
            color={mode === "fixed" || mode === "off" ? "red" : undefined}
            disabled={isSame}
            loading={saving.isPending}
            onClick={save}
          >
            {mode === "fixed"
              ? "Give everybody this"
              : `Switch to ${modeWords(mode).label.toLowerCase()}`}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
