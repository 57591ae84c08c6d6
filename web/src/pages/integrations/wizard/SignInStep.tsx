import { Skeleton } from "@mantine/core";
import { useState } from "react";
import type { Source } from "../../../api/types";
import { useShopOf } from "../shops/shops";
import { KeyStep } from "./KeyStep";
import { ShopStep } from "./ShopStep";
import { type Way, WayChoice, wayOf } from "./WayChoice";

interface Props {
  source: Source;
  secret: string | undefined;
  setSecret: (secret: string) => void;
  onBack: () => void;
  onDone: () => void;
}

/** Step 3: how the source signs in. A shop that has its address already stays one. */
export function SignInStep(props: Props) {
  const { data: shop, isLoading } = useShopOf(props.source.name);
  const [way, setWay] = useState<Way>(wayOf(props.source.name));
  if (isLoading) return <Skeleton height={320} />;
  if (shop) return <ShopStep {...props} kind={shop.kind} shop={shop} />;
  const choice = <WayChoice value={way} onChange={setWay} />;
  if (way === "key") return <KeyStep {...props} choice={choice} />;
  return <ShopStep key={way} {...props} kind={way} choice={choice} />;
}
