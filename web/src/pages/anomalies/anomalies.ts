import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { Anomaly, AnomalyPage } from "../../api/types";
import { sentence, titled } from "../../format";
import { tell } from "../../look/tell";

const PAGE = 20;

/** Of which promotion or source; of neither: all. */
export interface Sought {
  promotion_id?: string;
  source?: string;
}

/** What was otherwise than expected, the newest first, more of it page by page. */
export function useAnomalies(sought: Sought = {}) {
  return useInfiniteQuery({
    queryKey: ["anomalies", sought],
    queryFn: ({ pageParam, signal }) =>
      api<AnomalyPage>("/v1/anomalies", {
        query: { ...sought, limit: PAGE, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
}

/** Says that somebody has seen it. */
export function useAcknowledge() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ anomaly, note }: { anomaly: Anomaly; note: string }) =>
      api<Anomaly>(`/v1/anomalies/${anomaly.anomaly_id}/acknowledge`, {
        method: "POST",
        body: { note },
      }),
    onSuccess: () => {
      queries.invalidateQueries({ queryKey: ["anomalies"] });
      tell("Noted that you have seen it.");
    },
    onError: (error) => tell(sentence(error.message), "bad"),
  });
}

/** What it is about, in a few words: "Drop of redemptions". */
export function aboutOf({ kind, direction }: Anomaly): string {
  const what = { redemptions: "redemptions", stream: "what it sends", unmatched: "unmatched" }[
    kind
  ];
  return `${direction === "drop" ? "Drop" : "Leap"} of ${what}`;
}

/** Where it comes from: "source checkout, tier gold". */
export function causeOf({ cause }: Anomaly): string {
  if (cause.length === 0) return "everywhere alike";
  const parts = cause.map(({ dimension, words }) => `${dimension} ${wordsOf(words)}`);
  return parts.join(", ");
}

const wordsOf = (words: readonly string[]): string =>
  words.map((word) => word || "none").join(" and ");

export const dimensionOf = (dimension: string): string => titled(dimension);

/** The page that tells most of it. */
export function addressOf({ promotion_id, source }: Anomaly): string {
  if (promotion_id) return `/promotions/${encodeURIComponent(promotion_id)}#anomalies`;
  return `/integrations/${encodeURIComponent(source ?? "")}#anomalies`;
}
