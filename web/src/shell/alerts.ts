import { useLocalStorage } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { api } from "../api/client";
import { useSession } from "../api/session";
import type { Alert, AlertPage, Anomaly } from "../api/types";
import { useAnomalies } from "../pages/anomalies/anomalies";

const PAGE = 50;

/** A line of the bell: an alert or an anomaly, and when it came. */
export interface Entry {
  at: string;
  alert?: Alert;
  anomaly?: Anomaly;
}

/** Alerts, of each limit and window the highest threshold, and anomalies; the newest first, more of them page by page. */
export function useAlerts() {
  const anomalies = useAnomalies();
  const { data, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ["alerts"],
    queryFn: ({ pageParam, signal }) =>
      api<AlertPage>("/v1/alerts", { query: { limit: PAGE, cursor: pageParam }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const all = data?.pages.flatMap((page) => page.items) ?? [];
  return {
    entries: together(highest(all), anomalies.data?.pages.flatMap((page) => page.items) ?? []),
    all,
    isKnown: data !== undefined && !anomalies.isPending,
    hasNextPage: hasNextPage || anomalies.hasNextPage,
    fetchNextPage: () => {
      if (hasNextPage) fetchNextPage();
      if (anomalies.hasNextPage) anomalies.fetchNextPage();
    },
    isFetchingNextPage: isFetchingNextPage || anomalies.isFetchingNextPage,
  };
}

function together(alerts: readonly Alert[], anomalies: readonly Anomaly[]): Entry[] {
  return [
    ...alerts.map((alert): Entry => ({ at: alert.raised_at, alert })),
    ...anomalies.map((anomaly): Entry => ({ at: anomaly.found_at, anomaly })),
  ].sort((a, b) => (a.at < b.at ? 1 : -1));
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
export function useSeen(newest: string | undefined) {
  const { workspace } = useSession();
  const [seen, setSeen] = useLocalStorage<string>({
    key: `promosight.alerts.${workspace.workspace}`,
    defaultValue: "",
    getInitialValueInEffect: false,
  });
  return { seen, see: () => newest && setSeen(newest) };
}
