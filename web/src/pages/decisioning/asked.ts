import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api/client";
import type {
  Decisioning,
  DecisionSettings,
  Evaluation,
  Explanation,
  Pacing,
  ValueOverTime,
  VersionLine,
  Versions,
  WhatIf,
  WhatIfAnswer,
} from "../../api/types";

/** Decisions come all the time: how they stand is looked at this often, what they brought less often. */
const SOON_MS = 5_000;
const LATER_MS = 30_000;

/** How the workspace decides, and how that stands. */
export function useDecisioning() {
  return useQuery({
    queryKey: ["decisioning", "standing"],
    queryFn: ({ signal }) => api<Decisioning>("/v1/decisioning", { signal }),
    refetchInterval: SOON_MS,
  });
}

/** What the policy brings, beside one fixed offer, chance and the control group. */
export function useEvaluation() {
  return useQuery({
    queryKey: ["decisioning", "evaluation"],
    queryFn: ({ signal }) => api<Evaluation>("/v1/decisioning/evaluation", { signal }),
    refetchInterval: LATER_MS,
  });
}

export type Step = "day" | "week";

/** What decisions brought over time, what was offered to whom, and how well the model knew. */
export function useValue(by: Step) {
  return useQuery({
    queryKey: ["decisioning", "value", by],
    queryFn: ({ signal }) => api<ValueOverTime>("/v1/decisioning/value", { query: { by }, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: LATER_MS,
  });
}

/** The budgets of running promotions and their shadow prices. */
export function usePacing() {
  return useQuery({
    queryKey: ["decisioning", "pacing"],
    queryFn: ({ signal }) => api<Pacing>("/v1/decisioning/pacing", { signal }),
    refetchInterval: SOON_MS,
  });
}

/** Versions of the policy and what was done about them. */
export function useVersions() {
  return useQuery({
    queryKey: ["decisioning", "versions"],
    queryFn: ({ signal }) =>
      api<Omit<Versions, "versions"> & { versions: VersionLine[] }>("/v1/decisioning/versions", {
        signal,
      }),
  });
}

/** One decision with everything it was made of. */
export function useExplanation(decisionId: string) {
  return useQuery({
    queryKey: ["decision", decisionId],
    queryFn: ({ signal }) =>
      api<Explanation>(`/v1/decisions/${encodeURIComponent(decisionId)}`, { signal }),
  });
}

/** Changes settings of decisioning; everything about it is asked for anew. */
export function useChangeSettings() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: Partial<DecisionSettings>) =>
      api<Decisioning>("/v1/decisioning", { method: "PATCH", body }),
    onSuccess: (now) => {
      queries.setQueryData(["decisioning", "standing"], now);
      queries.invalidateQueries({ queryKey: ["decisioning"] });
    },
  });
}

/** Asks what something else would bring. */
export function useWhatIf() {
  return useMutation({
    mutationFn: (body: Partial<WhatIf>) =>
      api<WhatIfAnswer>("/v1/decisioning/what-if", { method: "POST", body }),
  });
}

interface NewVersion {
  settings?: Partial<DecisionSettings>;
  refit?: boolean;
  automatic?: boolean;
  note?: string;
}

/** Makes a candidate version. */
export function useMakeVersion() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: NewVersion) =>
      api<VersionLine>("/v1/decisioning/versions", { method: "POST", body }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["decisioning"] }),
  });
}

/** Makes a version run: promoted when a gain is shown or by force, or gone back to. */
export function useRunVersion() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ version, how, force }: { version: number; how: How; force?: boolean }) =>
      api<VersionLine>(`/v1/decisioning/versions/${version}/${how}`, {
        method: "POST",
        body: force ? { force } : {},
      }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["decisioning"] }),
  });
}

export type How = "promote" | "rollback";
