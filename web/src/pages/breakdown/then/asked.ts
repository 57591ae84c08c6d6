/** What was known at a moment, and what moved since: asked for. */
import { useQuery } from "@tanstack/react-query";
import { api, promotionPath } from "../../../api/client";
import type { Breakdown, Restatement, Restatements } from "../../../api/types";
import { CODES } from "../asked";
import { microseconds } from "./moments";

/** A breakdown as it was known at a moment. It is counted once and then stays: nothing that comes moves it. */
export function useThen(
  id: string,
  by: string,
  date: string,
  after: string | null,
  asOf: string | null,
) {
  const limit = by === "code" ? CODES : undefined;
  const query = { by, date, as_of: asOf, cursor: after, limit };
  return useQuery({
    queryKey: ["then", id, by, date, after, asOf],
    queryFn: ({ signal }) => api<Breakdown>(promotionPath(id, "breakdown"), { query, signal }),
    enabled: asOf !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** More entries than this nobody adds up in the head either. */
const MOST = 500;

export interface Since {
  entries: Restatement[];
  /** There are more, so their sum is not known. */
  isMore: boolean;
}

/** What was restated after a moment. Renewed with the breakdown, as what is now. */
export function useSince(id: string, asOf: string) {
  return useQuery({
    queryKey: ["breakdown", id, "since", asOf],
    queryFn: async ({ signal }): Promise<Since> => {
      const path = promotionPath(id, "restatements");
      const { items, next } = await api<Restatements>(path, { query: { limit: MOST }, signal });
      const from = microseconds(asOf);
      const entries = items.filter((one) => microseconds(one.restated_at) > from);
      return { entries, isMore: next !== null && entries.length === items.length };
    },
  });
}
