import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, api, promotionPath, url } from "../../../api/client";
import type { PromotionPage } from "../../../api/types";
import type { SampleEvent } from "./snippets";

/** Where nobody is assigned yet, or no promotion is active, something has to stand. */
const ANY_PROMOTION = "SPRING20";
const ANY_CUSTOMER = "c-42";

/** Active promotions to choose from: those that match what is typed. */
export function useActivePromotions(typed: string) {
  const [q] = useDebouncedValue(typed.trim(), 250);
  return useQuery({
    queryKey: ["promotions", "to try", q],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      api<PromotionPage>("/v1/promotions", { query: { status: "active", limit: 20, q }, signal }),
  });
}

/** The event to try out: a real promotion and one of its customers, until the user names others. */
export function useSample() {
  const { data: page } = useActivePromotions("");
  const [chosen, setPromotion] = useState<string>();
  const [typed, setCustomer] = useState<string>();
  const [fixed] = useState(() => ({
    event_id: `test-${Math.random().toString(36).slice(2, 8)}`,
    redeemed_at: `${new Date().toISOString().slice(0, 19)}Z`,
  }));
  const first = page?.items[0]?.promotion_id;
  const promotion_id = chosen ?? first ?? ANY_PROMOTION;
  const { data: found } = useOpenCustomer(chosen ?? first);
  const customer_id = typed ?? found ?? ANY_CUSTOMER;
  const event: SampleEvent = {
    event_id: fixed.event_id,
    promotion_id,
    customer_id,
    redeemed_at: fixed.redeemed_at,
  };
  return {
    event,
    hasPromotion: !page || page.items.length > 0,
    choosePromotion(promotionId: string) {
      setPromotion(promotionId);
      setCustomer(undefined);
    },
    setCustomer,
  };
}

/** Somebody who was assigned a promotion and has not used it; null where there is nobody. */
function useOpenCustomer(promotionId: string | undefined) {
  return useQuery({
    queryKey: ["somebody to try", promotionId],
    enabled: promotionId !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: ({ signal }) => firstCustomer(promotionId ?? "", signal),
  });
}

/** The export lists all of them, so it is read as far as the first line only. */
async function firstCustomer(promotionId: string, signal: AbortSignal): Promise<string | null> {
  const address = url(promotionPath(promotionId, "customers"), {
    status: "open",
    format: "ndjson",
  });
  const response = await fetch(address, { signal });
  if (!response.ok || !response.body)
    throw new ApiError(response.status, "unknown", "Nobody could be found to try it with.");
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
  }
  await reader.cancel();
  const line = text.split("\n", 1)[0];
  return line ? (JSON.parse(line) as { customer_id: string }).customer_id : null;
}
