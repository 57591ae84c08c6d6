import { Checkbox, Group, Select, Stack, TagsInput, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import dayjs from "dayjs";
import { useMay } from "../../api/session";
import { useSources } from "../integrations/sources";
import { SCOPES } from "./keys";

export interface KeyForm {
  name: string;
  scopes: string[];
  source: string;
  ip_ranges: string[];
  /** `never`, a number of days, or `date`. */
  expiry: string;
  date: string;
}

const EXPIRIES = [
  { value: "never", label: "Never" },
  { value: "30", label: "In 30 days" },
  { value: "90", label: "In 90 days" },
  { value: "365", label: "In a year" },
  { value: "date", label: "On a date" },
];
const DAY_MS = 86_400_000;

/** When a key shall expire: at the end of the chosen day in the workspace's zone. */
export function expiryInstant(
  expiry: string,
  date: string,
  zone: string,
  now: number,
): string | null {
  if (expiry === "never" || (expiry === "date" && !date)) return null;
  if (expiry === "date") return dayjs.tz(`${date} 23:59:59`, zone).toISOString();
  return new Date(now + Number(expiry) * DAY_MS).toISOString();
}

/** The fields of a key to be made. */
export function KeyFields({
  form,
  hasSource,
}: {
  form: UseFormReturnType<KeyForm>;
  hasSource: boolean;
}) {
  return (
    <>
      <TextInput
        label="Name"
        description="What will use it, so that you know it again."
        placeholder="Checkout, production"
        required
        data-autofocus
        maxLength={255}
        {...form.getInputProps("name")}
      />
      {hasSource && <SourceField form={form} />}
      <ScopesField form={form} />
      <TagsInput
        label="Only from these addresses"
        description="IP addresses or ranges, such as 203.0.113.0/24. Empty: from anywhere."
        placeholder={form.values.ip_ranges.length ? undefined : "Type one and press Enter"}
        acceptValueOnBlur
        {...form.getInputProps("ip_ranges")}
      />
      <Group gap="md" align="flex-end" grow>
        <Select
          label="Expires"
          data={EXPIRIES}
          allowDeselect={false}
          {...form.getInputProps("expiry")}
        />
        {form.values.expiry === "date" && (
          <TextInput
            type="date"
            label="Last day"
            required
            min={dayjs().format("YYYY-MM-DD")}
            {...form.getInputProps("date")}
          />
        )}
      </Group>
    </>
  );
}

function SourceField({ form }: { form: UseFormReturnType<KeyForm> }) {
  const { data } = useSources();
  return (
    <Select
      label="Source"
      description="The system that reports with it. A key that does not report needs none."
      placeholder="None"
      data={data?.map((one) => one.name) ?? []}
      clearable
      searchable
      clearButtonProps={{ "aria-label": "No source" }}
      {...form.getInputProps("source")}
      value={form.values.source || null}
      onChange={(value) => form.setFieldValue("source", value ?? "")}
    />
  );
}

/** A key can do no more than whoever makes it. */
function ScopesField({ form }: { form: UseFormReturnType<KeyForm> }) {
  const isAdmin = useMay("admin");
  const mayWrite = useMay("promotions:write");
  const isGrantable = (scope: string) =>
    isAdmin || (mayWrite && scope !== "admin" && scope !== "decisions:write");
  return (
    <Checkbox.Group label="It may" required {...form.getInputProps("scopes")}>
      <Stack gap={8} mt={6}>
        {SCOPES.map(({ scope, about }) => (
          <Checkbox
            key={scope}
            value={scope}
            label={about}
            description={
              isGrantable(scope) ? scope : `${scope}: only an administrator can give this`
            }
            disabled={!isGrantable(scope)}
          />
        ))}
      </Stack>
    </Checkbox.Group>
  );
}
