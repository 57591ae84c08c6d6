import { Button, NumberInput, SimpleGrid, Skeleton, Stack, Text } from "@mantine/core";
import { type UseFormReturnType, useForm } from "@mantine/form";
import { useState } from "react";
import { Link } from "react-router";
import { useMay } from "../../api/session";
import type { Retention } from "../../api/types";
import { Confirm } from "../../look/Confirm";
import { Failure } from "../../look/Failure";
import { FormFailure, fieldErrors } from "../../look/FormFailure";
import { Section } from "../../look/Section";
import { tell } from "../../look/tell";
import { ClosedTab } from "./ClosedTab";
import { useChangeRetention, useRetention } from "./retention";

type Name = keyof Retention;
type Values = Record<Name, number | string>;

interface Kept {
  name: Name;
  label: string;
  about: string;
  /** The API takes no less. */
  least: number;
}

/** What names people, and what stays when it is no longer kept. */
const KEPT: readonly Kept[] = [
  {
    name: "refused_days",
    label: "Refused payloads",
    about: "What was sent and refused, and the last test of each source. When and why stays.",
    least: 1,
  },
  {
    name: "answers_days",
    label: "Answers for retries",
    about: "Kept under an Idempotency-Key. Events are known by their ids for ever.",
    least: 1,
  },
  {
    name: "traces_days",
    label: "Reasons of decisions",
    about: "The words that say why. The numbers that the evaluation needs stay.",
    least: 1,
  },
  {
    name: "payments_days",
    label: "Payments of shops",
    about: "Ids and amounts, by which refunds find their redemptions: none later than that.",
    least: 30,
  },
  {
    name: "customers_days",
    label: "Ids of customers",
    about: "After the last promotion they had a part in. They get a random name; figures stay.",
    least: 30,
  },
];
const NAMES = KEPT.map(({ name }) => name);

/** For how long what names people is kept. Administrators only. */
export function PrivacyTab() {
  const mayManage = useMay("admin");
  const { data, error, refetch } = useRetention(mayManage);
  if (!mayManage)
    return (
      <ClosedTab
        title="Administrators say how long data is kept"
        why="They also see everything kept of one person, and erase it when the person asks."
      />
    );
  return (
    <Stack gap="md">
      <Section
        title="How long it is kept"
        about="What names people goes after so many days; an empty field means for ever. No figure moves."
      >
        {error && <Failure error={error} again={refetch} />}
        {!data && !error && <Skeleton height={180} />}
        {data && <RetentionForm retention={data} />}
      </Section>
      <Section title="One person">
        <Text size="sm" maw={640}>
          Everything kept of one person can be saved, and the person erased, on their page under{" "}
          <Link to="/customers">Customers</Link>.
        </Text>
      </Section>
    </Stack>
  );
}

function RetentionForm({ retention }: { retention: Retention }) {
  const form = useForm<Values>({ initialValues: values(retention) });
  const [isAsking, setAsking] = useState(false);
  const saving = useChangeRetention();
  const wanted = daysOf(form.values);
  const save = () =>
    saving.mutate(wanted, {
      onSuccess: (now) => {
        form.setInitialValues(values(now));
        form.setValues(values(now));
        tell("The settings are saved.");
      },
      onError: (error) => form.setErrors(inWords(fieldErrors(error))),
      onSettled: () => setAsking(false),
    });
  const forgetsMore = NAMES.some((name) => isShorter(wanted[name], retention[name]));
  return (
    <form onSubmit={form.onSubmit(() => (forgetsMore ? setAsking(true) : save()))}>
      <Stack gap="md">
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="md" maw={720}>
          {KEPT.map((kept) => (
            <Days key={kept.name} kept={kept} form={form} />
          ))}
        </SimpleGrid>
        <FormFailure error={saving.error} shown={NAMES} />
        <Button type="submit" w="fit-content" loading={saving.isPending} disabled={!form.isDirty()}>
          Save
        </Button>
      </Stack>
      <Confirm
        isOpen={isAsking}
        close={() => setAsking(false)}
        title="Keep it for a shorter time?"
        doing="Save and forget"
        isDangerous
        isBusy={saving.isPending}
        onConfirm={save}
      >
        What is older than the new days is forgotten within seconds, and cannot be brought back.
      </Confirm>
    </form>
  );
}

function Days({ kept, form }: { kept: Kept; form: UseFormReturnType<Values> }) {
  return (
    <NumberInput
      label={kept.label}
      description={kept.about}
      placeholder="For ever"
      suffix=" days"
      min={kept.least}
      clampBehavior="none"
      allowDecimal={false}
      allowNegative={false}
      {...form.getInputProps(kept.name)}
    />
  );
}

const values = (retention: Retention): Values => ({
  refused_days: retention.refused_days ?? "",
  answers_days: retention.answers_days ?? "",
  traces_days: retention.traces_days ?? "",
  payments_days: retention.payments_days ?? "",
  customers_days: retention.customers_days ?? "",
});

const daysOf = (all: Values): Retention => ({
  refused_days: days(all.refused_days),
  answers_days: days(all.answers_days),
  traces_days: days(all.traces_days),
  payments_days: days(all.payments_days),
  customers_days: days(all.customers_days),
});

const days = (value: number | string): number | null => (value === "" ? null : Number(value));

/** The API names other fields by their own names; here they go by their labels. */
const inWords = (errors: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(errors).map(([name, why]) => [
      name,
      KEPT.reduce((text, kept) => text.replace(kept.name, `\u201c${kept.label}\u201d`), why),
    ]),
  );

const isShorter = (now: number | null, before: number | null): boolean =>
  now !== null && (before === null || now < before);
