import { Radio, SimpleGrid } from "@mantine/core";
import type { Cadence } from "../../../api/types";
import { CADENCES } from "../cadences";
import { Choice } from "./Choice";

interface Props {
  value: Cadence;
  onChange: (cadence: Cadence) => void;
}

/** The three cadences to choose from. */
export function CadenceChoice({ value, onChange }: Props) {
  return (
    <Radio.Group
      label="Cadence"
      labelProps={{ className: "only-read-aloud" }}
      value={value}
      onChange={(chosen) => onChange(chosen as Cadence)}
    >
      <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm">
        {CADENCES.map((one) => (
          <Choice key={one.cadence} value={one.cadence} label={one.label} about={one.about} />
        ))}
      </SimpleGrid>
    </Radio.Group>
  );
}
