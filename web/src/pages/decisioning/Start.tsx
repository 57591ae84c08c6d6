import { Button, Stack, Text } from "@mantine/core";
import { IconRoute } from "@tabler/icons-react";
import { Link } from "react-router";
import { Empty } from "../../look/Empty";
import { Section } from "../../look/Section";
import { Snippet } from "../../look/Snippet";
import { Surface } from "../../look/Surface";
import { useOffers } from "./OfferSelect";

const FEW = 3;

/** No decision was asked for yet: how to ask for the first one, with this workspace's own promotions. */
export function Start() {
  const { data, isPending } = useOffers();
  const ids = [...new Set(data?.map((one) => one.promotion_id))].slice(0, FEW);
  if (!isPending && ids.length === 0) return <NothingToOffer />;
  return (
    <Section
      title="Ask for the first decision"
      about="Your shop asks which offer a customer gets at the moment it is needed. Nothing has to be trained before: it begins with what customers redeemed so far."
    >
      <Stack gap="sm">
        <Snippet label="A decision in curl" code={request(window.location.origin, ids)} />
        <Text size="sm" c="dimmed" maw={720}>
          Put a key with the scope decisions:write where it says YOUR_KEY. Leave candidates out to
          choose among all active promotions. The answer names the offer, or none, and why; what is
          redeemed afterwards is learned within seconds. To watch first without acting, switch the
          mode to apprentice.
        </Text>
        <Button component={Link} to="/settings?tab=keys" variant="default" w="fit-content">
          Make a key
        </Button>
      </Stack>
    </Section>
  );
}

function NothingToOffer() {
  return (
    <Surface>
      <Empty
        icon={IconRoute}
        title="Nothing to offer yet"
        why="Decisions choose among active promotions. Make one, activate it, and ask for the first decision."
      >
        <Button component={Link} to="/promotions/new">
          New promotion
        </Button>
      </Empty>
    </Surface>
  );
}

function request(origin: string, ids: readonly string[]): string {
  const body = {
    decision_id: "till-7-0001",
    customer_id: "c-42",
    candidates: ids,
    context: { channel: "app" },
  };
  return `curl -X POST '${origin}/v1/decisions' \\
  -H 'Authorization: Bearer YOUR_KEY' \\
  -H 'Content-Type: application/json' \\
  -d '${JSON.stringify(body, null, 2).replaceAll("\n", "\n  ").replaceAll("'", "'\\''")}'
`;
}
