import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { SavedView } from "../../api/types";

/** A view under a name: its address's query. */
export interface NamedView {
  name: string;
  query: string;
}

/** Views that answer the questions one comes with first. */
export const READY_VIEWS: readonly NamedView[] = [
  { name: "All but archived", query: "" },
  { name: "Best redeemed", query: "status=active&sort=-rate" },
  { name: "Closest to a limit", query: "status=active&sort=-usage" },
  { name: "Most costly", query: "sort=-reward_cost" },
];

const KEY = ["views"];

export interface Wanted extends NamedView {
  /** For everybody in the workspace. */
  shared: boolean;
}

/** The views that the server keeps: the workspace's, and one's own. */
export function useSavedViews() {
  const queries = useQueryClient();
  const onSuccess = () => queries.invalidateQueries({ queryKey: KEY });
  const { data, error } = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => api<{ items: SavedView[] }>("/v1/views", { signal }),
  });
  const views = data?.items ?? [];
  const save = useMutation({
    mutationFn: (wanted: Wanted) => {
      const there = views.find((one) => one.name === wanted.name && one.shared === wanted.shared);
      return there
        ? api(path(there), { method: "PATCH", body: { query: wanted.query } })
        : api("/v1/views", { method: "POST", body: wanted });
    },
    onSuccess,
  });
  const forget = useMutation({
    mutationFn: (view: SavedView) => api(path(view), { method: "DELETE" }),
    onSuccess,
  });
  return { views, error, save, forget };
}

const path = (view: SavedView) => `/v1/views/${encodeURIComponent(view.view_id)}`;
