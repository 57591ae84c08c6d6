import { Button, Group, NumberInput, Select, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useSession } from "../../../api/session";
import type { WhatIf } from "../../../api/types";
import { FormFailure, fieldErrors } from "../../../look/FormFailure";
import { Section } from "../../../look/Section";
import { useWhatIf } from "../asked";
import { type Offer, OfferSelect } from "../OfferSelect";
import { TryingSlider } from "../settings/TryingSlider";
import { WhatIfShown } from "./WhatIfShown";

const CHANGES = [
  { value: "value", label: "An offer brings something else" },
  { value: "cost", label: "An offer costs something else" },
  { value: "reward", label: "An offer's reward is another" },
  { value: "instead", label: "Another offer takes its place" },
  { value: "segments", label: "An offer is only for some" },
  { value: "withdrawn", label: "An offer is withdrawn" },
  { value: "trying", label: "More or less is tried" },
];

interface Draft {
  change: string;
  offer: Offer | null;
  amount: string;
  instead: Offer | null;
  segments: string;
  gamma: number;
  floor: number | string;
}

/** What a change would bring, estimated from the log; where the log cannot tell, the answer says so. */
export function WhatIfTab() {
  const [draft, setDraft] = useState<Draft>({
    change: "withdrawn",
    offer: null,
    amount: "",
    instead: null,
    segments: "",
    gamma: 30,
    floor: 2,
  });
  const asking = useWhatIf();
  const errors = fieldErrors(asking.error);
  const set = (part: Partial<Draft>) => {
    setDraft({ ...draft, ...part });
    asking.reset();
  };
  return (
    <Stack gap="md">
      <Section
        title="What if"
        about="Ask what another value, tier, audience or amount of trying would have brought, by the decisions that were logged. Nothing is changed by asking."
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            asking.mutate(bodyOf(draft));
          }}
        >
          <Stack gap="md" maw={640}>
            <Select
              label="What would be different"
              allowDeselect={false}
              data={CHANGES}
              value={draft.change}
              onChange={(change) => change && set({ change })}
            />
            <Details draft={draft} set={set} errors={errors} />
            <FormFailure error={asking.error} shown={["offer", draft.change, "floor", "gamma"]} />
            <Group>
              <Button
                type="submit"
                loading={asking.isPending}
                disabled={draft.change !== "trying" && !draft.offer}
              >
                Estimate
              </Button>
            </Group>
          </Stack>
        </form>
      </Section>
      {asking.data && <WhatIfShown answer={asking.data} />}
    </Stack>
  );
}

interface Props {
  draft: Draft;
  set: (part: Partial<Draft>) => void;
  errors: Record<string, string>;
}

function Details({ draft, set, errors }: Props) {
  const { workspace } = useSession();
  if (draft.change === "trying")
    return (
      <>
        <TryingSlider
          gamma={draft.gamma}
          onChange={(gamma) => set({ gamma })}
          error={errors.gamma}
        />
        <NumberInput
          label="Always at random"
          suffix="%"
          decimalScale={2}
          value={draft.floor}
          onChange={(floor) => set({ floor })}
          error={errors.floor}
        />
      </>
    );
  return (
    <>
      <OfferSelect
        label="Offer"
        value={draft.offer}
        onChange={(offer) => set({ offer })}
        error={errors.offer}
      />
      {draft.change in AMOUNTS && (
        <TextInput
          label={AMOUNTS[draft.change]}
          description={`In ${workspace.currency}`}
          inputMode="decimal"
          required
          value={draft.amount}
          onChange={(event) => set({ amount: event.currentTarget.value })}
          error={errors[draft.change]}
        />
      )}
      {draft.change === "instead" && (
        <OfferSelect
          label="Instead"
          value={draft.instead}
          onChange={(instead) => set({ instead })}
          error={errors.instead}
        />
      )}
      {draft.change === "segments" && (
        <TextInput
          label="Only for these segments"
          description="Separated by commas"
          required
          value={draft.segments}
          onChange={(event) => set({ segments: event.currentTarget.value })}
          error={errors.segments}
        />
      )}
    </>
  );
}

const AMOUNTS: Record<string, string> = {
  value: "A redemption brings",
  cost: "A redemption costs",
  reward: "The customer gets",
};

function bodyOf({
  change,
  offer,
  amount,
  instead,
  segments,
  gamma,
  floor,
}: Draft): Partial<WhatIf> {
  if (change === "trying") return { gamma, floor: Number(floor) / 100 };
  if (change === "withdrawn") return { offer, withdrawn: true };
  if (change === "instead") return { offer, instead };
  if (change === "segments")
    return {
      offer,
      segments: segments
        .split(",")
        .map((one) => one.trim())
        .filter(Boolean),
    };
  return { offer, [change]: amount.trim() };
}
