import { Select, SimpleGrid } from "@mantine/core";
import type { Shop } from "../../../api/types";
import { FormFailure } from "../../../look/FormFailure";
import { tell } from "../../../look/tell";
import { type ShopChange, useChangeShop } from "./shops";
import { CODES, CUSTOMERS } from "./words";

/** By what customers and codes are known in a shop's messages. */
export function ShopReading({ shop }: { shop: Shop }) {
  const changing = useChangeShop(shop);
  const known = CUSTOMERS[shop.kind];
  const own = known.some((one) => one.value === shop.customer_from)
    ? []
    : [{ value: shop.customer_from, label: shop.customer_from }];
  const change = (wanted: ShopChange) =>
    changing.mutate(wanted, { onSuccess: () => tell("Messages are read so from now on.") });
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" maw={640}>
        <Select
          label="A customer goes by"
          description="As assignments name them"
          data={[...known, ...own]}
          value={shop.customer_from}
          onChange={(value) => value && change({ customer_from: value })}
          allowDeselect={false}
          disabled={changing.isPending}
        />
        {shop.kind === "stripe" && (
          <Select
            label="A code goes by"
            description="As promotions name theirs"
            data={CODES}
            value={shop.code_from}
            onChange={(value) => value && change({ code_from: value })}
            allowDeselect={false}
            disabled={changing.isPending}
          />
        )}
      </SimpleGrid>
      <FormFailure error={changing.error} />
    </>
  );
}
