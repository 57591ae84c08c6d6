import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "../../../api/client";
import { useMay } from "../../../api/session";
import type { Shop } from "../../../api/types";

/** What is read and changed of shops: sources that can be given no key and sign what they send. */

export type ShopKind = Shop["kind"];

const LOOK_MS = 2_000;
const ALL = ["shops"];

/** The shop that a source is, if it is one; of that `isWaiting` asks again and again, for whoever waits for a message. */
export function useShopOf(source: string, isWaiting = false) {
  const mayRead = useMay("integrations");
  return useQuery<Shop[], Error, Shop | null>({
    queryKey: ALL,
    enabled: mayRead,
    refetchInterval: ({ state }) =>
      isWaiting && state.data?.some((one) => one.source === source) ? LOOK_MS : false,
    queryFn: ({ signal }) =>
      api<{ items: Shop[] }>("/v1/shops", { signal }).then(({ items }) => items),
    select: (all) => all.find((one) => one.source === source) ?? null,
  });
}

function useDone<Wanted, Answer>(mutationFn: (wanted: Wanted) => Promise<Answer>) {
  const queries = useQueryClient();
  return useMutation({
    gcTime: 0, // a secret that was typed in is kept no longer than it takes to send it
    mutationFn,
    onSuccess: () => queries.invalidateQueries({ queryKey: ALL }),
  });
}

/** Makes a source a shop: it has an address of its own from then on. */
export const useMakeShop = (source: string) =>
  useDone((kind: ShopKind) => api<Shop>("/v1/shops", { method: "POST", body: { source, kind } }));

export interface ShopChange {
  secret?: string;
  customer_from?: string;
  code_from?: string;
}

export const useChangeShop = (shop: Shop) =>
  useDone((body: ShopChange) => api<Shop>(path(shop), { method: "PATCH", body }));

export const useRemoveShop = (shop: Shop) => useDone(() => api(path(shop), { method: "DELETE" }));

const path = ({ shop_id }: Shop) => `/v1/shops/${encodeURIComponent(shop_id)}`;

/** Where the shop sends to, as it is pasted there. */
export const addressOf = (shop: Shop) => `${window.location.origin}${shop.path}`;
