import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api } from "../../../api/client";
import type { Delivery, DeliveryPage, Webhook } from "../../../api/types";
import { WEBHOOKS, webhookPath } from "./webhooks";

/** What is read of the messages to a webhook. */

const PAGE = 20;
/** Messages are looked at this often: while one is about to be sent, and otherwise. */
const SOON_MS = 2_000;
const LATER_MS = 10_000;
/** Whoever sends a message has a minute for it; what is due later than this is waited for in peace. */
const ABOUT_TO_MS = 90_000;

/** The newest messages to a webhook, page by page; one that is about to be sent is followed. */
export function useDeliveries({ webhook_id, enabled }: Webhook, state: string) {
  return useInfiniteQuery({
    queryKey: [WEBHOOKS, webhook_id, "deliveries", state],
    initialPageParam: "",
    queryFn: ({ pageParam: cursor, signal }) =>
      page(webhook_id, { state, cursor, limit: PAGE }, signal),
    getNextPageParam: (last) => last.next ?? undefined,
    refetchInterval: ({ state: { data } }) =>
      often(data?.pages.flatMap(({ items }) => items) ?? [], enabled),
  });
}

/** The last message to a webhook; null where none was made yet. */
export function useLastDelivery({ webhook_id, enabled }: Webhook) {
  return useQuery({
    queryKey: [WEBHOOKS, webhook_id, "last"],
    queryFn: ({ signal }) =>
      page(webhook_id, { limit: 1 }, signal).then(({ items }) => items[0] ?? null),
    refetchInterval: ({ state: { data } }) => often(data ? [data] : [], enabled),
  });
}

const page = (id: string, query: Record<string, string | number>, signal: AbortSignal) =>
  api<DeliveryPage>(webhookPath(id, "deliveries"), { query, signal });

const often = (items: readonly Delivery[], isSent: boolean) =>
  isSent && items.some(isAboutToBeSent) ? SOON_MS : LATER_MS;

const isAboutToBeSent = ({ next_attempt_at }: Delivery) =>
  next_attempt_at !== null && Date.parse(next_attempt_at) - Date.now() < ABOUT_TO_MS;
