import { Code, Group, List, Stack, Text } from "@mantine/core";
import type { Shop } from "../../../api/types";
import { CopyButton } from "../../../look/CopyButton";
import keys from "../../keys/keys.module.css";
import { addressOf } from "./shops";
import { PLACES } from "./words";

/** The address that a shop sends to, and where it is pasted. */
export function ShopAddress({ shop }: { shop: Shop }) {
  const { where, events } = PLACES[shop.kind];
  const address = addressOf(shop);
  return (
    <Stack gap="xs">
      <Text size="sm" maw={640}>
        {where}
      </Text>
      <Group gap="xs">
        <Code className={keys.secret} aria-label="The address">
          {address}
        </Code>
        <CopyButton text={address} what="the address" />
      </Group>
      <List size="sm" withPadding maw="100%" aria-label="Events to choose">
        {events.map((one) => (
          <List.Item key={one} style={{ overflowWrap: "anywhere" }}>
            {one}
          </List.Item>
        ))}
      </List>
    </Stack>
  );
}
