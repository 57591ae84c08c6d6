import { Radio, SimpleGrid } from "@mantine/core";
import { Choice } from "./Choice";

/** How a system signs in: with a key of ours, or, where none can be given to it, by its own signature. */
export type Way = "key" | "shopify" | "stripe";

const WAYS: readonly { way: Way; label: string; about: string }[] = [
  { way: "key", label: "With a key", about: "A system of your own, which somebody can change." },
  { way: "shopify", label: "Shopify", about: "Sends its orders by itself. Nobody has to program." },
  { way: "stripe", label: "Stripe", about: "Sends its checkouts and refunds by itself." },
];

/** The way that a source's name suggests. */
export const wayOf = (source: string): Way =>
  WAYS.find(({ label }) => label.toLowerCase() === source.trim().toLowerCase())?.way ?? "key";

interface Props {
  value: Way;
  onChange: (way: Way) => void;
}

export function WayChoice({ value, onChange }: Props) {
  return (
    <Radio.Group
      label="How it signs in"
      labelProps={{ className: "only-read-aloud" }}
      value={value}
      onChange={(chosen) => onChange(chosen as Way)}
    >
      <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm">
        {WAYS.map((one) => (
          <Choice key={one.way} value={one.way} label={one.label} about={one.about} />
        ))}
      </SimpleGrid>
    </Radio.Group>
  );
}
