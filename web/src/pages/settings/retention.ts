import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { Retention } from "../../api/types";

/** For how long what names people is kept, in days; null for ever. */

const PATH = "/v1/workspace/retention";
const KEY = ["retention"];

export function useRetention(mayRead: boolean) {
  return useQuery({
    queryKey: KEY,
    enabled: mayRead,
    queryFn: ({ signal }) => api<Retention>(PATH, { signal }),
  });
}

export function useChangeRetention() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Retention) => api<Retention>(PATH, { method: "PUT", body }),
    onSuccess: (now) => {
      queries.setQueryData<Retention>(KEY, now);
      queries.invalidateQueries({ queryKey: ["audit"] });
    },
  });
}
