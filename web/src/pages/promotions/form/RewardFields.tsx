import { SegmentedControl, SimpleGrid, Text, TextInput } from "@mantine/core";
import { useSession } from "../../../api/session";
import { useFormPart } from "./context";
import { Section } from "./Section";

const TYPES = [
  { value: "amount", label: "Amount of money" },
  { value: "unit", label: "Points, spins" },
  { value: "percentage", label: "Percentage" },
];

const MEANING: Record<string, string> = {
  amount: "What one redemption gives, in money.",
  unit: "What one redemption gives, in units. Units are never added to money.",
  percentage: "It has no cost until it is redeemed: the event then says what it was worth.",
};

/** What a redemption gives. */
export function RewardFields({ isFrozen }: { isFrozen: boolean }) {
  const form = useFormPart();
  const { reward } = form.getValues();
  return (
    <Section title="Reward" about={MEANING[reward.type]}>
      <SegmentedControl
        aria-label="Reward type"
        data={TYPES}
        value={reward.type}
        onChange={(type) => form.setFieldValue("reward.type", type)}
      />
      <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm">
        <TextInput
          label={reward.type === "percentage" ? "Percentage" : "Value"}
          inputMode="decimal"
          placeholder={reward.type === "amount" ? "5.00" : "10"}
          rightSection={reward.type === "percentage" ? "%" : undefined}
          className="figure"
          {...form.getInputProps("reward.value")}
        />
        {reward.type === "unit" ? <Unit /> : <Currency />}
        <TextInput
          label="Redemptions per assignment"
          labelProps={{ style: { whiteSpace: "nowrap" } }}
          type="number"
          min={1}
          step={1}
          placeholder="1"
          {...form.getInputProps("max_redemptions")}
        />
      </SimpleGrid>
      {isFrozen && (form.isDirty("reward") || form.isDirty("max_redemptions")) && (
        <Text size="sm" c="var(--ps-warn)">
          Figures are worked out anew with these terms. Rewards that were given or redeemed with a
          value of their own keep it.
        </Text>
      )}
    </Section>
  );
}

function Unit() {
  const form = useFormPart();
  return <TextInput label="Unit" placeholder="points" {...form.getInputProps("reward.unit")} />;
}

function Currency() {
  const form = useFormPart();
  const { workspace } = useSession();
  const field = form.getInputProps("reward.currency");
  return (
    <TextInput
      label="Currency"
      placeholder={workspace.currency}
      maxLength={3}
      {...field}
      onChange={(event) => field.onChange(event.currentTarget.value.toUpperCase())}
    />
  );
}
