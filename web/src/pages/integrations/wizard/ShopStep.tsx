import { Button, Stack } from "@mantine/core";
import { IconWorld } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { Shop, Source } from "../../../api/types";
import { FormFailure } from "../../../look/FormFailure";
import { ShopAddress } from "../shops/ShopAddress";
import { ShopReading } from "../shops/ShopReading";
import { ShopSecret } from "../shops/ShopSecret";
import { type ShopKind, useMakeShop } from "../shops/shops";
import { NAMES } from "../shops/words";
import { StepFrame } from "./StepFrame";

interface Props {
  source: Source;
  kind: ShopKind;
  shop?: Shop;
  choice?: ReactNode;
  onBack: () => void;
  onDone: () => void;
}

/** Step 3 of a shop: the address to paste there, and the secret to bring back. */
export function ShopStep({ source, kind, shop, choice, onBack, onDone }: Props) {
  const making = useMakeShop(source.name);
  const name = NAMES[kind];
  return (
    <StepFrame
      title={shop ? `Connect ${name}` : `How does ${source.name} sign in?`}
      about={`${name} can be given no key. It has an address of its own here, and signs what it sends with a secret that only the two of you know.`}
      onBack={onBack}
      next={{ label: "Continue", isOff: !shop?.has_secret, onClick: onDone }}
    >
      {choice}
      {shop ? (
        <Stack gap="lg">
          <ShopAddress shop={shop} />
          <ShopSecret shop={shop} />
          <ShopReading shop={shop} />
        </Stack>
      ) : (
        <Stack gap="md" align="flex-start">
          <Button
            leftSection={<IconWorld size={16} />}
            onClick={() => making.mutate(kind)}
            loading={making.isPending}
          >
            Make the address for {name}
          </Button>
        </Stack>
      )}
      <FormFailure error={making.error} />
    </StepFrame>
  );
}
