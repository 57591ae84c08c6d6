import { Button, NumberInput, Select, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { type UseFormReturnType, useForm } from "@mantine/form";
import { useMay, useSession } from "../../../api/session";
import type { Decisioning, DecisionSettings } from "../../../api/types";
import { share } from "../../../format";
import { FormFailure, fieldErrors } from "../../../look/FormFailure";
import { Section } from "../../../look/Section";
import { tell } from "../../../look/tell";
import { useChangeSettings } from "../asked";
import { OfferSelect, useOffers } from "../OfferSelect";
import { TryingSlider } from "./TryingSlider";
import { type FormValues, settingsOf, valuesOf } from "./values";

/** How offers are chosen: what is aimed at, how much is tried, who is left out, and how often one may be asked. */
export function SettingsTab({ decisioning }: { decisioning: Decisioning }) {
  const mayChange = useMay("promotions:write");
  const { settings } = decisioning;
  const form = useForm<FormValues>({ initialValues: valuesOf(settings) });
  const saving = useChangeSettings();
  const save = (values: FormValues) =>
    saving.mutate(settingsOf(values), {
      onSuccess: (now) => {
        form.setInitialValues(valuesOf(now.settings));
        form.setValues(valuesOf(now.settings));
        tell("The settings are saved. They hold from the next decision on.");
      },
      onError: (error) => form.setErrors(atFields(fieldErrors(error))),
    });
  return (
    <form onSubmit={form.onSubmit(save)}>
      <fieldset disabled={!mayChange} style={{ border: 0, margin: 0, padding: 0, minWidth: 0 }}>
        <Stack gap="md">
          <Aim form={form} />
          <Trying form={form} disabled={!mayChange} />
          <Limits form={form} settings={settings} />
          <FormFailure error={saving.error} shown={FIELDS} />
          {mayChange ? (
            <Button
              type="submit"
              w="fit-content"
              loading={saving.isPending}
              disabled={!form.isDirty()}
            >
              Save settings
            </Button>
          ) : (
            <p style={{ margin: 0, fontSize: 14 }}>
              Marketers and administrators change these settings.
            </p>
          )}
        </Stack>
      </fieldset>
    </form>
  );
}

const FIELDS = [
  "objective",
  "exploration",
  "gamma",
  "floor",
  "margin",
  "control_share",
  "control_gets",
  "contact_cost",
  "frequency_cap",
  "reserve",
  "assignment_days",
  "benchmark",
];

/** The API names the cap as one field; on the page it is two. Its shares are percent here. */
function atFields({ frequency_cap: cap, ...rest }: Record<string, string>): Record<string, string> {
  for (const name of ["floor", "margin", "control_share"])
    if (rest[name]) rest[name] = rest[name].replace(/\d+(\.\d+)?/g, (one) => share(Number(one)));
  return cap ? { ...rest, cap_assignments: cap } : rest;
}

interface Props {
  form: UseFormReturnType<FormValues>;
}

function Aim({ form }: Props) {
  const { workspace } = useSession();
  return (
    <Section title="What it aims at">
      <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="md">
        <Select
          label="Objective"
          description="What counts as worth."
          allowDeselect={false}
          data={[
            { value: "net_value", label: "Net value" },
            { value: "redemption", label: "Redemptions" },
          ]}
          {...form.getInputProps("objective")}
        />
        <NumberInput
          label="Margin"
          description="Of an order's value, what is profit."
          suffix="%"
          min={0}
          max={100}
          {...form.getInputProps("margin")}
        />
        <TextInput
          label="Contact cost"
          description={`Of telling a customer, in ${workspace.currency}, redeemed or not.`}
          inputMode="decimal"
          {...form.getInputProps("contact_cost")}
        />
      </SimpleGrid>
    </Section>
  );
}

function Trying({ form, disabled }: Props & { disabled: boolean }) {
  return (
    <Section
      title="How much is tried"
      about="Without trying, nothing new is learned and no gain can be shown."
    >
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
        <TryingSlider
          gamma={form.values.gamma}
          onChange={(gamma) => form.setFieldValue("gamma", gamma)}
          disabled={disabled}
          error={form.errors.gamma?.toString()}
        />
        <NumberInput
          label="Always at random"
          description="The share of decisions drawn evenly among what is open; at least 0.5%."
          suffix="%"
          decimalScale={2}
          {...form.getInputProps("floor")}
        />
        <Select
          label="Way of trying"
          description="Both keep true probabilities; the second tries most where it knows least."
          allowDeselect={false}
          data={[
            { value: "igw", label: "By how much better the best looks" },
            { value: "thompson", label: "By how uncertain it is (Thompson)" },
          ]}
          {...form.getInputProps("exploration")}
        />
        <OfferSelect
          label="Benchmark"
          description="Gets a share of the decisions, so that the gain over it can be shown even among many offers."
          noneLabel="None named"
          value={form.values.benchmark}
          onChange={(offer) => form.setFieldValue("benchmark", offer)}
          error={form.errors.benchmark}
        />
        {form.values.benchmark && (
          <NumberInput
            label="Benchmark's share"
            description="Of the decisions; at most 50%."
            suffix="%"
            decimalScale={2}
            min={0.5}
            max={50}
            {...form.getInputProps("benchmark_share")}
          />
        )}
      </SimpleGrid>
    </Section>
  );
}

function Limits({ form, settings }: Props & { settings: DecisionSettings }) {
  const { data = [] } = useOffers();
  const ids = [...new Set(data.map((one) => one.promotion_id))];
  const known =
    settings.control_gets === "nothing" || ids.includes(settings.control_gets)
      ? ids
      : [settings.control_gets, ...ids];
  return (
    <Section
      title="Control group and limits"
      about="Caps and budgets of each promotion hold besides: what is promised and not used yet is reserved, so that nothing overspends."
    >
      <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="md">
        <NumberInput
          label="Control group"
          description="Customers not decided on; always the same."
          suffix="%"
          decimalScale={2}
          {...form.getInputProps("control_share")}
        />
        <Select
          label="Control group gets"
          description="Nothing, or business as usual."
          allowDeselect={false}
          searchable
          data={[
            { value: "nothing", label: "Nothing" },
            ...known.map((value) => ({ value, label: value })),
          ]}
          {...form.getInputProps("control_gets")}
        />
        <NumberInput
          label="Assignments can be used for"
          description="Days; empty for as long as the promotion runs."
          suffix=" days"
          min={0}
          {...form.getInputProps("assignment_days")}
        />
        <NumberInput
          label="Most assignments"
          description="Of one customer, over all promotions; empty for no cap."
          allowDecimal={false}
          {...form.getInputProps("cap_assignments")}
        />
        <NumberInput
          label="Within"
          description="The days over which they are counted."
          suffix=" days"
          allowDecimal={false}
          {...form.getInputProps("cap_days")}
        />
        <Select
          label="Open promises reserve"
          description="Of a budget, until they are used or expire."
          allowDeselect={false}
          data={[
            { value: "full", label: "Their full value" },
            { value: "two_sd", label: "What is expected, and twice the doubt" },
          ]}
          {...form.getInputProps("reserve")}
        />
      </SimpleGrid>
    </Section>
  );
}
