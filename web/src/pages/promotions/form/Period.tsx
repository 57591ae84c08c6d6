import { SimpleGrid, TextInput } from "@mantine/core";
import { useSession } from "../../../api/session";
import { useFormPart } from "./context";
import { Section } from "./Section";
import { saidZone } from "./times";

/** From when to when it runs, in the workspace's zone. */
export function Period() {
  const form = useFormPart();
  const zone = useSession().workspace.time_zone;
  const { starts_at: starts, ends_at: ends } = form.getValues();
  return (
    <Section title="Period" about="Leave a field empty for no start or no end.">
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TextInput
          type="datetime-local"
          label="Starts"
          description={saidZone(zone, starts)}
          {...form.getInputProps("starts_at")}
        />
        <TextInput
          type="datetime-local"
          label="Ends"
          description={saidZone(zone, ends)}
          {...form.getInputProps("ends_at")}
        />
      </SimpleGrid>
    </Section>
  );
}
