import { Button, Stack, Text } from "@mantine/core";
import { useState } from "react";
import type { Shop } from "../../../api/types";
import { Confirm } from "../../../look/Confirm";
import { Section } from "../../../look/Section";
import { ShopAddress } from "./ShopAddress";
import { ShopLanded } from "./ShopLanded";
import { ShopReading } from "./ShopReading";
import { ShopSecret } from "./ShopSecret";
import { useRemoveShop, useShopOf } from "./shops";
import { NAMES } from "./words";

/** A source that is a shop: where it sends to, its secret, how it is read, and what came last. */
export function ShopSection({ source }: { source: string }) {
  const { data: shop } = useShopOf(source, true);
  const [isRemoving, setRemoving] = useState(false);
  if (!shop) return null;
  return (
    <Section
      title={`${NAMES[shop.kind]} webhooks`}
      about="The shop sends by itself and signs what it sends: it needs no key."
      aside={
        <Button size="xs" variant="default" onClick={() => setRemoving(true)}>
          Remove the address
        </Button>
      }
    >
      <Stack gap="lg">
        <ShopLanded shop={shop} />
        <ShopReading shop={shop} />
        <ShopSecret shop={shop} />
        <ShopAddress shop={shop} />
      </Stack>
      <Removing shop={shop} isOpen={isRemoving} close={() => setRemoving(false)} />
    </Section>
  );
}

function Removing({ shop, isOpen, close }: { shop: Shop; isOpen: boolean; close: () => void }) {
  const removing = useRemoveShop(shop);
  return (
    <Confirm
      isOpen={isOpen}
      close={close}
      title="Remove the address"
      doing="Remove it"
      isDangerous
      isBusy={removing.isPending}
      error={removing.error}
      onConfirm={() => removing.mutate(undefined, { onSuccess: close })}
    >
      <Text size="sm">
        Nothing more is taken from {NAMES[shop.kind]} for {shop.source}. What it has reported stays
        counted. A new address would be another one.
      </Text>
    </Confirm>
  );
}
