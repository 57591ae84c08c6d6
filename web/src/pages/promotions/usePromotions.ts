import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { PromotionPage, Source } from "../../api/types";
import { keyOf, useKnown } from "../known/useKnown";
import { filterOf, type View } from "./view";

/** How many days the small line of each row covers. */
const TREND_DAYS = 30;

/** The page of promotions that a view shows. The page before stays until the next is there. */
export function usePromotions(view: View) {
  const [known] = useKnown();
  const query = {
    ...filterOf(view),
    limit: view.size,
    offset: (view.page - 1) * view.size,
    trend: TREND_DAYS,
    as_of: known,
  };
  return useQuery({
    ...keyOf(known, "promotions", query),
    queryFn: ({ signal }) => api<PromotionPage>("/v1/promotions", { query, signal }),
    placeholderData: keepPreviousData,
  });
}

/** Whether there is any promotion at all, archived ones too; asked only when a view shows none. */
export function useAnyPromotion(isAsked: boolean): boolean | undefined {
  const { data } = useQuery({
    queryKey: ["promotions", "any"],
    queryFn: ({ signal }) => api<PromotionPage>("/v1/promotions", { query: { limit: 1 }, signal }),
    enabled: isAsked,
  });
  return data && data.items.length > 0;
}

/** Whether no source was ever heard: then no rate can appear. Undefined until it is known. */
export function useIsNothingHeard(): boolean | undefined {
  const { data } = useQuery({
    queryKey: ["sources", "heard"],
    queryFn: ({ signal }) => api<{ items: Source[] }>("/v1/sources", { signal }),
  });
  return data?.items.every((source) => source.last_heard_at === null);
}
