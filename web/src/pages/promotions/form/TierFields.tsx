import { ActionIcon, Button, Group, Text, TextInput } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from "@tabler/icons-react";
import type { KeyboardEvent } from "react";
import { useFormPart } from "./context";
import classes from "./form.module.css";
import { Section } from "./Section";
import { type FormValues, newTier } from "./values";

/** The rungs of a tiered promotion, the first one first. Frozen once it was active. */
export function TierFields({ isFrozen }: { isFrozen: boolean }) {
  const form = useFormPart();
  const { tiers } = form.getValues();
  const about = isFrozen
    ? "Tiers are frozen since the first activation. Duplicate the promotion to change them."
    : "The first one has priority. Tiers freeze at the first activation.";
  return (
    <Section title="Tiers" about={about}>
      {tiers.length > 0 && (
        <ol className={classes.rows}>
          {tiers.map((tier, index) => (
            <Row key={tier.key} index={index} isFrozen={isFrozen} />
          ))}
        </ol>
      )}
      {!isFrozen && (
        <Group gap="sm">
          <Button
            variant="default"
            size="xs"
            leftSection={<IconPlus size={14} />}
            onClick={() => form.insertListItem("tiers", newTier())}
          >
            Add a tier
          </Button>
          {tiers.length > 1 && (
            <Text size="xs" c="dimmed">
              Alt and the up or down arrow move a tier.
            </Text>
          )}
        </Group>
      )}
    </Section>
  );
}

/** What a tier's reward is counted in: " (EUR)", " (%)", " (points)". */
function unitOf({ type, currency, unit }: FormValues["reward"]): string {
  const said = type === "percentage" ? "%" : type === "unit" ? unit : currency;
  return said ? ` (${said})` : "";
}

function Row({ index, isFrozen }: { index: number; isFrozen: boolean }) {
  const form = useFormPart();
  const last = form.getValues().tiers.length - 1;
  const said = form.getValues().tiers[index]?.tier_id || `${index + 1}`;
  const move = (by: number, focused: HTMLElement) => {
    const to = index + by;
    if (to < 0 || to > last) return;
    form.reorderListItem("tiers", { from: index, to });
    requestAnimationFrame(() => focused.focus()); // the row has moved in the document
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (isFrozen || !event.altKey || !by) return;
    event.preventDefault();
    move(by, event.target as HTMLElement);
  };
  const label = (text: string) => ({
    label: text,
    readOnly: isFrozen,
    variant: isFrozen ? "filled" : "default",
  });
  return (
    <li className={classes.tier} data-frozen={isFrozen || undefined} onKeyDown={onKeyDown}>
      <TextInput {...label("Tier id")} {...form.getInputProps(`tiers.${index}.tier_id`)} />
      <TextInput {...label("Name")} {...form.getInputProps(`tiers.${index}.name`)} />
      <TextInput
        {...label(`Reward${unitOf(form.getValues().reward)}`)}
        inputMode="decimal"
        {...form.getInputProps(`tiers.${index}.reward_value`)}
      />
      {!isFrozen && (
        <Group gap={2} wrap="nowrap" className={classes.rowButtons}>
          <ActionIcon
            variant="subtle"
            color="gray"
            c="inherit"
            aria-label={`Move tier ${said} up`}
            disabled={index === 0}
            onClick={(event) => move(-1, event.currentTarget)}
          >
            <IconArrowUp size={16} />
          </ActionIcon>
          <ActionIcon
            variant="subtle"
            color="gray"
            c="inherit"
            aria-label={`Move tier ${said} down`}
            disabled={index === last}
            onClick={(event) => move(1, event.currentTarget)}
          >
            <IconArrowDown size={16} />
          </ActionIcon>
          <ActionIcon
            variant="subtle"
            color="gray"
            c="inherit"
            aria-label={`Remove tier ${said}`}
            onClick={() => form.removeListItem("tiers", index)}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </Group>
      )}
    </li>
  );
}
