import { Button } from "@mantine/core";
import type { Shop } from "../../../api/types";
import { ShopLanded } from "../shops/ShopLanded";
import { isSigned, NAMES } from "../shops/words";
import { StepFrame } from "./StepFrame";

interface Props {
  shop: Shop;
  onBack: () => void;
  onDone: () => void;
}

/** Step 4 of a shop: its first message is seen to land. */
export function ShopTestStep({ shop, onBack, onDone }: Props) {
  const next = { label: "Continue", onClick: onDone };
  return (
    <StepFrame
      title={`See a message of ${NAMES[shop.kind]} land`}
      about="Whatever it sends appears here within two seconds, also what is passed over or turned away, with the reason."
      onBack={onBack}
      next={isSigned(shop) ? next : undefined}
      aside={
        !isSigned(shop) && (
          <Button variant="subtle" onClick={onDone}>
            Skip the test
          </Button>
        )
      }
    >
      <ShopLanded shop={shop} />
    </StepFrame>
  );
}
