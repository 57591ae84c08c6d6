import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { Mapping, NewMapping, SuggestedMapping } from "../../api/types";

const MAPPINGS = "mappings";

/** What words were said to mean, the newest first, those that ended too. */
export function useMappings() {
  return useQuery({
    queryKey: [MAPPINGS],
    queryFn: ({ signal }) =>
      api<{ items: Mapping[] }>("/v1/mappings", { signal }).then(({ items }) => items),
  });
}

/** Something that changes what words mean: problems come and go by it. Figures come by the stream. */
function useMeaning<Wanted, Answer>(mutationFn: (wanted: Wanted) => Promise<Answer>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn,
    onSuccess: () => {
      queries.invalidateQueries({ queryKey: [MAPPINGS] });
      queries.invalidateQueries({ queryKey: ["problems"] });
    },
  });
}

export const useMap = () =>
  useMeaning((body: SuggestedMapping) => api<NewMapping>("/v1/mappings", { method: "POST", body }));

export const useEndMapping = () =>
  useMeaning((id: string) =>
    api<void>(`/v1/mappings/${encodeURIComponent(id)}`, { method: "DELETE" }),
  );

/** How people call the field in which a word is told. */
export const fieldName = (field: string) => (field === "promo_code" ? "code" : "promotion id");
