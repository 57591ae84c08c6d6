/** What was known at a moment, and what moved since: asked for. */
import { useQuery } from "@tanstack/react-query";
import { api, promotionPath } from "../../../api/client";
import type { Breakdown, MovedSince } from "../../../api/types";
import { CODES } from "../asked";

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

/** Why figures moved since a moment. Renewed with the breakdown, as what is now. */
export function useSince(id: string, asOf: string) {
  return useQuery({
    queryKey: ["breakdown", id, "since", asOf],
    queryFn: ({ signal }) =>
      api<MovedSince>(promotionPath(id, "moved"), { query: { since: asOf }, signal }),
  });
}
