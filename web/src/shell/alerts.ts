import { useLocalStorage } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { api } from "../api/client";
import { useSession } from "../api/session";
import type { Alert, AlertPage } from "../api/types";

const PAGE = 50;

/** Alerts, the newest first, of each limit and window the highest threshold; more of them page by page. */
export function useAlerts() {
  const { data, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ["alerts"],
    queryFn: ({ pageParam, signal }) =>
      api<AlertPage>("/v1/alerts", { query: { limit: PAGE, cursor: pageParam }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const all = data?.pages.flatMap((page) => page.items) ?? [];
  return {
    alerts: highest(all),
    all,
    isKnown: data !== undefined,
    hasNextPage,
    fetchNextPage,
    isFetchingNextPage,
  };
}

/** A limit that went from 40 to 95 per cent crossed three thresholds at once: one line says so. */
export function highest(alerts: readonly Alert[]): Alert[] {
  const found = new Map<string, Alert>();
  for (const one of alerts) {
    const { promotion_id, measure, window, window_name, tier_id, limit } = one;
    const key = JSON.stringify([promotion_id, measure, window, window_name, tier_id, limit]);
    const known = found.get(key);
    if (!known || one.threshold > known.threshold) found.set(key, one);
  }
  return [...found.values()].sort((a, b) => (a.raised_at < b.raised_at ? 1 : -1));
}

/** Up to when alerts were seen in this browser, and that they are seen now. */
export function useSeen(newest: Alert | undefined) {
  const { workspace } = useSession();
  const [seen, setSeen] = useLocalStorage<string>({
    key: `promosight.alerts.${workspace.workspace}`,
    defaultValue: "",
    getInitialValueInEffect: false,
  });
  return { seen, see: () => newest && setSeen(newest.raised_at) };
}
