import { Button, TextInput, type TextInputProps } from "@mantine/core";
import type { Ref } from "react";
import { saidZone, toLocal } from "../../promotions/form/times";
import { choices, written } from "./moments";

interface FieldProps {
  zone: string;
  /** What is typed, on the clock of the zone. */
  local: string;
  type: (local: string) => void;
  first: string;
  why: string | undefined;
  field?: Ref<HTMLInputElement>;
  classNames?: TextInputProps["classNames"];
}

/** Where a moment is typed, none before the first of which anything is known. */
export function MomentField({ zone, local, type, first, why, field, classNames }: FieldProps) {
  return (
    <TextInput
      ref={field}
      type="datetime-local"
      size="xs"
      label={`Known on (${saidZone(zone, local)})`}
      value={local}
      min={toLocal(first, zone)}
      max={toLocal(new Date().toISOString(), zone)}
      onChange={({ currentTarget }) => type(currentTarget.value)}
      error={why}
      errorProps={{ role: "alert" }}
      classNames={classNames}
    />
  );
}

interface ChoicesProps {
  zone: string;
  first: string;
  choose: (moment: string) => void;
}

/** The moments that are one click away. */
export function MomentChoices({ zone, first, choose }: ChoicesProps) {
  return choices(zone, first).map((choice) => (
    <Button
      key={choice.name}
      size="xs"
      variant="default"
      onClick={() => choose(written(choice.local, zone) ?? first)}
    >
      {choice.name}
    </Button>
  ));
}
