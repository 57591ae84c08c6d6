import { Button, Group, Text, TextInput } from "@mantine/core";
import dayjs from "dayjs";
import { type FormEvent, useState } from "react";
import { useMay, useSession } from "../../api/session";
import { day } from "../../format";
import { FormFailure, fieldErrors } from "../../look/FormFailure";
import { Section } from "../../look/Section";
import { tell } from "../../look/tell";
import { useCover } from "./sources";

/** Declares that everything of some days was reported, even if it was nothing. */
export function CoverageSection({ source }: { source: string }) {
  const mayCover = useMay("admin");
  return (
    <Section
      title="Days without redemptions"
      about="A promotion without a single reported redemption shows a dash: nobody knows whether anything was redeemed. Declare that this source has reported everything of some days, and promotions of those days show 0% instead."
    >
      {mayCover ? (
        <CoverageForm source={source} />
      ) : (
        <Text size="sm">
          Administrators declare it here. The system itself can, with its own key: POST /v1/sources/
          {source}/coverage.
        </Text>
      )}
    </Section>
  );
}

function CoverageForm({ source }: { source: string }) {
  const { workspace } = useSession();
  const zone = workspace.time_zone;
  const today = dayjs().tz(zone).format("YYYY-MM-DD");
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const covering = useCover(source);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    covering.mutate(period(from, to, zone, Date.now()), {
      onSuccess: () => {
        tell(`Declared: ${source} has reported everything from ${day(from)} to ${day(to)}.`);
        setFrom("");
        setTo("");
      },
    });
  };
  const errors = fieldErrors(covering.error);
  return (
    <form onSubmit={submit}>
      <Group align="flex-end" gap="sm">
        <TextInput
          type="date"
          label="From"
          required
          max={to || today}
          value={from}
          error={errors.from}
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
        <TextInput
          type="date"
          label="To, inclusive"
          required
          min={from || undefined}
          max={today}
          value={to}
          error={errors.to}
          onChange={(event) => setTo(event.currentTarget.value)}
        />
        <Button
          type="submit"
          variant="default"
          loading={covering.isPending}
          disabled={!from || !to}
        >
          Declare it covered
        </Button>
      </Group>
      <FormFailure error={covering.error} shown={["from", "to"]} />
    </form>
  );
}

/** Whole days of the workspace; of today, what has passed. */
function period(from: string, to: string, zone: string, now: number) {
  const after = dayjs.tz(`${dayjs.utc(to).add(1, "day").format("YYYY-MM-DD")} 00:00`, zone);
  return {
    from: dayjs.tz(`${from} 00:00`, zone).toISOString(),
    to: new Date(Math.min(after.valueOf(), now)).toISOString(),
  };
}
