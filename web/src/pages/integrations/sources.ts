import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ApiError, api } from "../../api/client";
import type { Activity, Cadence, Reconciliation, Source } from "../../api/types";

/** What is read and changed of sources: the systems that report. */

/** The source of keys and imports that name none. It is there from the start, so it says nothing until it is heard. */
const DEFAULT = "default";

const listing = (signal: AbortSignal) =>
  api<{ items: Source[] }>("/v1/sources", { signal }).then(({ items }) => items);

/** Who was silent for longer is overdue, whatever the cadence. */
const LONGEST_SILENCE_H = 30;

/** The sources to show: all but the default one that nothing came from. */
export function useSources() {
  return useQuery({
    queryKey: ["sources"],
    queryFn: ({ signal }) => listing(signal),
    select: (all) => all.filter((one) => one.name !== DEFAULT || one.last_heard_at),
  });
}

/** One source; `everyMs` asks again and again, for whoever waits for something to land. */
export function useSource(name: string | undefined, everyMs?: number) {
  return useQuery({
    queryKey: ["source", name],
    enabled: name !== undefined,
    refetchInterval: everyMs,
    queryFn: async ({ signal }) => {
      const found = (await listing(signal)).find((one) => one.name === name);
      if (!found) throw new ApiError(404, "not_found", `There is no source named ${name}.`);
      return found;
    },
  });
}

/** What a source sent in the last 48 hours or 30 days, by outcome. */
export function useActivity(name: string, by: Activity["by"]) {
  return useQuery({
    queryKey: ["source", name, "activity", by],
    queryFn: ({ signal }) => api<Activity>(`${path(name)}/activity`, { query: { by }, signal }),
  });
}

/** The hours in which a source was heard, and as long before what is shown as a source may be silent. */
export function useHeard(name: string, by: Activity["by"]) {
  const hours = { hour: 48, day: 30 * 24 }[by] + LONGEST_SILENCE_H;
  return useQuery({
    queryKey: ["source", name, "heard", by],
    queryFn: ({ signal }) => {
      const from = new Date(Date.now() - hours * 3_600_000).toISOString();
      return api<Activity>(`${path(name)}/activity`, { query: { by: "hour", from }, signal });
    },
  });
}

/** What a source said it had reported and what was found, the latest first. */
export function useReconciliations(name: string) {
  return useQuery({
    queryKey: ["source", name, "reconciliations"],
    queryFn: ({ signal }) =>
      api<{ items: Reconciliation[] }>(`${path(name)}/reconciliations`, {
        query: { limit: 14 },
        signal,
      }),
    select: ({ items }) => items,
  });
}

/** Names a source; until it is marked live it is being set up. */
export function useNameSource() {
  const settle = useSettle();
  return useMutation({
    mutationFn: (wanted: { name: string; cadence: Cadence }) =>
      api<Source>("/v1/sources", { method: "POST", body: { ...wanted, live: false } }),
    onSuccess: settle,
  });
}

/** Chooses a source's cadence, or marks it live. */
export function useChangeSource(name: string) {
  const settle = useSettle();
  return useMutation({
    mutationFn: (change: { cadence?: Cadence; live?: true }) =>
      api<Source>(path(name), { method: "PATCH", body: change }),
    onSuccess: settle,
  });
}

/** Takes the word of somebody that a source reported everything of a period. */
export function useCover(name: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (period: { from: string; to: string }) =>
      api(`${path(name)}/coverage`, { method: "POST", body: period }),
    onSuccess: () => {
      for (const key of ["source", "sources", "promotions", "promotion"])
        queries.invalidateQueries({ queryKey: [key] });
    },
  });
}

/** Puts a source as the API answered it wherever it is shown. */
function useSettle() {
  const queries = useQueryClient();
  return (source: Source) => {
    queries.setQueryData(["source", source.name], source);
    return queries.invalidateQueries({ queryKey: ["sources"] });
  };
}

const path = (name: string) => `/v1/sources/${encodeURIComponent(name)}`;

/** Where a source is shown. */
export const sourceAddress = (name: string) => `/integrations/${encodeURIComponent(name)}`;

/** The source of what Promosight itself decides, which no system reports: there is nothing to set up. */
export const isOurs = (source: Source): boolean => source.name === "decisioning" && !isLive(source);

export const isLive = (source: Source): boolean => source.state === "live";
