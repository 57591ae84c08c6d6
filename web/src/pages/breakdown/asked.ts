import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, promotionPath } from "../../api/client";
import type { Breakdown, Funnel, Maturity, Promotion, PromotionPage } from "../../api/types";
import { keyOf, useKnown } from "../known/useKnown";

/** Rows by code come in pages of this many. */
export const CODES = 50;

/** One promotion with its figures; shown at once where a list already knows it. */
export function usePromotion(id: string) {
  const queries = useQueryClient();
  const [known] = useKnown();
  return useQuery({
    ...promotionQuery(id, known),
    placeholderData: () =>
      known !== null
        ? undefined
        : queries
            .getQueriesData<PromotionPage>({ queryKey: ["promotions"] })
            .flatMap(([, page]) => page?.items ?? [])
            .find((one) => one.promotion_id === id),
  });
}

export function promotionQuery(id: string, known: string | null = null) {
  return {
    ...keyOf(known, "promotion", id),
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      api<Promotion>(promotionPath(id), { query: { as_of: known }, signal }),
  };
}

export function useFunnel(id: string) {
  const [known] = useKnown();
  return useQuery({
    ...keyOf(known, "funnel", id),
    queryFn: ({ signal }) =>
      api<Funnel>(promotionPath(id, "funnel"), { query: { as_of: known }, signal }),
  });
}

/** What the rate is expected to be in the end. Renewed with the funnel. */
export function useMaturity(id: string) {
  const [known] = useKnown();
  return useQuery({
    ...keyOf(known, "funnel", id, "maturity"),
    queryFn: ({ signal }) =>
      api<Maturity>(promotionPath(id, "maturity"), { query: { as_of: known }, signal }),
  });
}

/** Figures by something. What was shown stays until the next is there. */
export function useBreakdown(
  id: string,
  by: string,
  date = "assigned",
  after: string | null = null,
) {
  return useQuery({ ...breakdownQuery(id, by, date, after), placeholderData: keepPreviousData });
}

export function breakdownQuery(
  id: string,
  by: string,
  date = "assigned",
  after: string | null = null,
) {
  const query = { by, date, cursor: after, limit: by === "code" ? CODES : undefined };
  return {
    queryKey: ["breakdown", id, by, date, after],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      api<Breakdown>(promotionPath(id, "breakdown"), { query, signal }),
  };
}
