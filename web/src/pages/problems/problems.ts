import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { LikelyReasons, ProblemPage } from "../../api/types";
import { count, sentence } from "../../format";
import { tell } from "../../look/tell";
import type { Wanted } from "./wanted";

const PAGE = 50;

/** Problems, the newest first, page by page. */
export function useProblems(wanted: Wanted) {
  return useInfiniteQuery({
    queryKey: ["problems", "list", wanted],
    initialPageParam: "",
    queryFn: ({ pageParam: cursor, signal }) =>
      api<ProblemPage>("/v1/problems", { query: { ...wanted, cursor, limit: PAGE }, signal }),
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: (old) => old,
  });
}

/** What a problem most likely comes from, the likeliest first. */
export function useReasons(problemId: string) {
  return useQuery({
    queryKey: ["problems", "reasons", problemId],
    queryFn: ({ signal }) =>
      api<LikelyReasons>(`/v1/problems/${encodeURIComponent(problemId)}/reasons`, { signal }),
  });
}

/** Refused items that are to be sent through again: some by id, or all of an outcome, reason and source. */
export interface Again {
  ids?: string[];
  reason?: string;
  source?: string;
}

interface Replayed {
  replayed: number;
  outcomes: Record<string, number>;
  left?: number;
}

/** Sends refused events through again, and tells what became of them. */
export function useReplay() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (again: Again) =>
      api<Replayed>("/v1/problems/replay", { method: "POST", body: again }),
    onSuccess: ({ replayed, outcomes, left }) => {
      const became = Object.entries(outcomes).map(([word, n]) => `${count(n)} ${word}`);
      const more = left ? ` ${count(left)} are left: replay again.` : "";
      tell(
        replayed === 0
          ? "There was nothing to replay"
          : `${count(replayed)} sent again: ${became.join(", ")}.${more}`,
      );
      queries.invalidateQueries({ queryKey: ["problems"] });
    },
    onError: (error) => tell(sentence(error.message), "bad"),
  });
}
