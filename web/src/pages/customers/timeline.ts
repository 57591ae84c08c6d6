import { useInfiniteQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";
import { api } from "../../api/client";
import type { Timeline } from "../../api/types";

const PAGE = 50;
/** How often it is asked whether something happened since, while only the newest page is open. */
const LOOK_MS = 5_000;
export const KINDS = [
  { value: "", label: "Everything" },
  { value: "decision", label: "Decisions" },
  { value: "assignment", label: "Assignments" },
  { value: "redemption", label: "Redemptions" },
  { value: "reversal", label: "Reversals" },
  { value: "outcome", label: "Outcomes" },
] as const;

/** Which kind is looked at; it lives in the address. */
export function useKind(): [kind: string, choose: (kind: string) => void] {
  const [query, setQuery] = useSearchParams();
  const asked = query.get("kind") ?? "";
  const kind = KINDS.find((one) => one.value === asked)?.value ?? "";
  return [kind, (next) => setQuery(next ? { kind: next } : {}, { replace: true })];
}

export const timelinePath = (customerId: string): string =>
  `/v1/customers/${encodeURIComponent(customerId)}/timeline`;

/** What happened to a customer, the newest first, page by page. */
export function useTimeline(customerId: string, kind: string) {
  return useInfiniteQuery({
    queryKey: ["customer", customerId, kind],
    initialPageParam: "",
    queryFn: ({ pageParam: cursor, signal }) =>
      api<Timeline>(timelinePath(customerId), {
        query: { kind, cursor, limit: PAGE },
        signal,
      }),
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: ({ state: { data } }) => (data?.pages.length === 1 ? LOOK_MS : false),
    placeholderData: (old) => (old?.pages[0]?.customer_id === customerId ? old : undefined),
  });
}
