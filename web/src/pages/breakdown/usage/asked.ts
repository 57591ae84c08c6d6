import { useQuery } from "@tanstack/react-query";
import { api, promotionPath } from "../../../api/client";
import type { UsageOverTime } from "../../../api/types";
import { keyOf, useKnown } from "../../known/useKnown";

/** How limits came to be used, now or as it was known. Renewed with the funnel. */
export function useUsage(id: string) {
  const [known] = useKnown();
  return useQuery({
    ...keyOf(known, "funnel", id, "usage"),
    queryFn: ({ signal }) =>
      api<UsageOverTime>(promotionPath(id, "usage"), { query: { as_of: known }, signal }),
  });
}
