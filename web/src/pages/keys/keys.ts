import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { Key, NewKey } from "../../api/types";

/** What is read and changed of keys: what systems identify themselves with. */

export interface WantedKey {
  name: string;
  scopes: string[];
  source: string | null;
  ip_ranges: string[];
  expires_at: string | null;
}

/** What a source needs to report. */
export const REPORTING = ["redemptions:write", "assignments:write"];

/** Every scope a key can be given, and what it lets its holder do. */
export const SCOPES: readonly { scope: string; about: string }[] = [
  { scope: "redemptions:write", about: "Report redemptions and reversals" },
  { scope: "assignments:write", about: "Report assignments and customers" },
  { scope: "promotions:write", about: "Create and change promotions, and load codes" },
  { scope: "reports:read", about: "Read figures, breakdowns, events and problems" },
  { scope: "decisions:write", about: "Ask which promotion a customer should get" },
  { scope: "admin", about: "Everything, including keys, users and settings" },
];

/** All keys, without their secrets; for those who may see them. */
export function useKeys(mayRead: boolean) {
  return useQuery({
    queryKey: ["keys"],
    enabled: mayRead,
    queryFn: ({ signal }) =>
      api<{ items: Key[] }>("/v1/keys", { signal }).then(({ items }) => items),
  });
}

/** Makes a key. Its secret is in the answer and nowhere else. */
export function useMakeKey() {
  const queries = useQueryClient();
  return useMutation({
    gcTime: 0, // the secret is not kept longer than it is looked at
    mutationFn: (wanted: WantedKey) => api<NewKey>("/v1/keys", { method: "POST", body: wanted }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["keys"] }),
  });
}

/** Ends a key at once. */
export function useRevokeKey() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (keyId: string) =>
      api(`/v1/keys/${encodeURIComponent(keyId)}`, { method: "DELETE" }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["keys"] }),
  });
}
