import { Radio, SimpleGrid, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import type { Cadence, Source } from "../../../api/types";
import { FormFailure, fieldErrors } from "../../../look/FormFailure";
import { isLive, sourceAddress, useNameSource, useSources } from "../sources";
import { Choice } from "./Choice";
import { StepFrame } from "./StepFrame";

const SUGGESTIONS: readonly { name: string; about: string; cadence: Cadence }[] = [
  {
    name: "Checkout",
    about: "Knows when a code or an offer is used in a basket.",
    cadence: "realtime",
  },
  {
    name: "Bonus engine",
    about: "Knows when a bonus is claimed or played.",
    cadence: "realtime",
  },
  {
    name: "Data pipeline",
    about: "Sends what a warehouse has gathered, by the hour or by night.",
    cadence: "daily",
  },
  {
    name: "Shopify",
    about: "Sends its paid orders and refunds by itself.",
    cadence: "realtime",
  },
  {
    name: "Stripe",
    about: "Sends its paid checkouts and refunds by itself.",
    cadence: "realtime",
  },
  { name: "Till", about: "Reports what was redeemed in a shop.", cadence: "hourly" },
];

/** Step 1: which system will report. The source is there from here on, so leaving is safe. */
export function NameStep({ onNamed }: { onNamed: (source: Source) => void }) {
  const [name, setName] = useState("");
  const { data: sources } = useSources();
  const naming = useNameSource();
  const wanted = name.trim();
  const taken = sources?.find((one) => one.name.toLowerCase() === wanted.toLowerCase());
  const suggested = SUGGESTIONS.find((one) => one.name === wanted);
  const submit = () => {
    if (!wanted || taken || wanted.includes("/")) return;
    const cadence = suggested?.cadence ?? "realtime";
    naming.mutate({ name: wanted, cadence }, { onSuccess: onNamed });
  };
  const problem = wanted.includes("/") ? "A name has no slash." : fieldErrors(naming.error).name;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <StepFrame
        title="Which system will report?"
        about="A source is a system that knows when a reward was used. Give each its own name: figures can be broken down by it, and you see which one falls silent."
        next={{
          label: "Continue",
          isBusy: naming.isPending,
          isOff: !wanted || Boolean(taken),
          onClick: submit,
        }}
      >
        <Radio.Group
          label="Usual systems"
          labelProps={{ className: "only-read-aloud" }}
          value={suggested?.name ?? null}
          onChange={(chosen) => setName(chosen)}
        >
          <SimpleGrid cols={{ base: 1, xs: 2, lg: 3 }} spacing="sm">
            {SUGGESTIONS.map((one) => (
              <Choice key={one.name} value={one.name} label={one.name} about={one.about} />
            ))}
          </SimpleGrid>
        </Radio.Group>
        <TextInput
          label="Name of the source"
          description="Choose one above, or write your own. It stays as it is."
          required
          maw={420}
          maxLength={255}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={problem ?? (taken ? <Taken source={taken} /> : undefined)}
        />
        <FormFailure error={naming.error} shown={["name"]} />
      </StepFrame>
    </form>
  );
}

function Taken({ source }: { source: Source }) {
  const address = sourceAddress(source.name);
  return (
    <Text span size="sm">
      There is a source {source.name} already.{" "}
      <Link to={isLive(source) ? address : `${address}/setup`}>
        {isLive(source) ? "Look at it" : "Continue its set-up"}
      </Link>
    </Text>
  );
}
