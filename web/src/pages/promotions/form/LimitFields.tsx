import { ActionIcon, Button, NativeSelect, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useFormPart } from "./context";
import classes from "./form.module.css";
import { Section } from "./Section";
import { newLimit } from "./values";

const MEASURES = [
  { value: "reward", label: "Reward budget" },
  { value: "assignments", label: "Assignments" },
  { value: "redemptions", label: "Redemptions" },
];

const WINDOWS = [
  { value: "daily", label: "a day" },
  { value: "weekly", label: "a week" },
  { value: "monthly", label: "a month" },
  { value: "lifetime", label: "lifetime" },
];

/** Budgets and caps. */
export function LimitFields() {
  const form = useFormPart();
  const { limits } = form.getValues();
  return (
    <Section
      title="Budget and caps"
      about="How much of it is used stands in the column Budget & Cap Usage. What a system reports is counted even above a limit."
    >
      {limits.length > 0 && (
        <ul className={classes.rows}>
          {limits.map((limit, index) => (
            <Row key={limit.key} index={index} />
          ))}
        </ul>
      )}
      <div>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} />}
          onClick={() => form.insertListItem("limits", newLimit())}
        >
          Add a limit
        </Button>
      </div>
    </Section>
  );
}

function Row({ index }: { index: number }) {
  const form = useFormPart();
  const { kind, tiers } = form.getValues();
  const tierIds = tiers.map((one) => one.tier_id).filter(Boolean);
  return (
    <li className={classes.limit} data-tiered={kind === "tiered" || undefined}>
      <NativeSelect
        label="Limit"
        data={MEASURES}
        {...form.getInputProps(`limits.${index}.measure`)}
      />
      <TextInput
        label="At most"
        inputMode="decimal"
        {...form.getInputProps(`limits.${index}.amount`)}
      />
      <NativeSelect
        label="Window"
        data={WINDOWS}
        {...form.getInputProps(`limits.${index}.window`)}
      />
      {kind === "tiered" && (
        <NativeSelect
          label="Tier"
          data={[{ value: "", label: "All tiers" }, ...tierIds]}
          {...form.getInputProps(`limits.${index}.tier_id`)}
        />
      )}
      <ActionIcon
        className={classes.rowButtons}
        variant="subtle"
        color="gray"
        c="inherit"
        aria-label={`Remove limit ${index + 1}`}
        onClick={() => form.removeListItem("limits", index)}
      >
        <IconTrash size={16} />
      </ActionIcon>
    </li>
  );
}
