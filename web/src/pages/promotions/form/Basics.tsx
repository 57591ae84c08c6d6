import { Radio, SimpleGrid, Stack, Textarea, TextInput } from "@mantine/core";
import { capital } from "../../../format";
import { KINDS } from "../view";
import { KIND_MEANING } from "../words";
import { useFormPart } from "./context";
import { suggestedId } from "./ids";
import { Section } from "./Section";

interface Props {
  isNew: boolean;
  /** It was active once: its tiers, and so its kind, stay. */
  isFrozen: boolean;
}

/** Name, id, kind, code. */
export function Basics({ isNew, isFrozen }: Props) {
  const form = useFormPart();
  const { kind } = form.getValues();
  return (
    <Section title="What it is">
      <Names isNew={isNew} />
      <Radio.Group
        label="Kind"
        description={
          isFrozen && kind === "tiered" ? "It stays tiered, as its tiers stay." : undefined
        }
        {...form.getInputProps("kind")}
      >
        <Stack gap="xs" mt={6}>
          {KINDS.map((one) => (
            <Radio
              key={one}
              value={one}
              label={capital(one)}
              description={KIND_MEANING[one]}
              disabled={isFrozen && one !== kind && [one, kind].includes("tiered")}
            />
          ))}
        </Stack>
      </Radio.Group>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TextInput
          label="Code"
          description="What everybody may enter. Events may name the promotion by it."
          {...form.getInputProps("code")}
        />
        {kind === "personalized" && (
          <TextInput
            label="Fallback code"
            description="For customers who have no personal code."
            {...form.getInputProps("fallback_code")}
          />
        )}
      </SimpleGrid>
      <Textarea
        label="Description"
        autosize
        minRows={1}
        maxRows={6}
        {...form.getInputProps("description")}
      />
    </Section>
  );
}

/** The id follows the name until it is given by hand. */
function Names({ isNew }: { isNew: boolean }) {
  const form = useFormPart();
  const name = form.getInputProps("name");
  const rename = (now: string) => {
    const { name: before, promotion_id: id } = form.getValues();
    form.setFieldValue("name", now);
    if (isNew && id === suggestedId(before)) form.setFieldValue("promotion_id", suggestedId(now));
  };
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }}>
      <TextInput
        label="Name"
        description="As people call it."
        required
        data-autofocus
        maxLength={255}
        {...name}
        onChange={(event) => rename(event.currentTarget.value)}
      />
      <TextInput
        label="Id"
        description={isNew ? "As systems call it. It stays as it is." : "It stays as it is."}
        required={isNew}
        readOnly={!isNew}
        variant={isNew ? "default" : "filled"}
        maxLength={255}
        {...form.getInputProps("promotion_id")}
      />
    </SimpleGrid>
  );
}
