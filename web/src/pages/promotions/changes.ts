import { type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError, api, promotionPath } from "../../api/client";
import type { Promotion } from "../../api/types";
import { tell } from "../../look/tell";

export type Change = "activate" | "deactivate" | "archive";

const DONE: Record<Change, string> = {
  activate: "is active now",
  deactivate: "is deactivated; redemptions of rewards given before still count",
  archive: "is archived; redemptions of rewards given before still count",
};

/** Everything that shows this promotion, or a list it may be in, is asked for anew. */
export function renew(queries: QueryClient, promotionId: string): void {
  queries.invalidateQueries({ queryKey: ["promotions"] });
  queries.invalidateQueries({ queryKey: ["promotion", promotionId] });
}

/** Activates, deactivates or archives, and says what came of it. */
export function useStatusChange() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ promotion, change }: { promotion: Promotion; change: Change }) =>
      api<Promotion>(promotionPath(promotion.promotion_id, change), { method: "POST" }),
    onSuccess: (now, { change }) => {
      renew(queries, now.promotion_id);
      tell(`${now.name} ${DONE[change]}.`);
    },
    onError: (error, { promotion, change }) =>
      tellFailure(`${promotion.name} could not be ${change}d`, error),
  });
}

/** A draft with the same terms, under the first id that is free: `SPRING-copy`, `SPRING-copy-2`. */
export function useDuplicate(onDone: (copy: Promotion) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (promotion: Promotion) => duplicate(promotion.promotion_id),
    onSuccess: (copy) => {
      renew(queries, copy.promotion_id);
      tell(`${copy.promotion_id} is a draft with the same terms. Give it a name of its own.`);
      onDone(copy);
    },
    onError: (error, promotion) => tellFailure(`${promotion.name} could not be duplicated`, error),
  });
}

const MOST_COPIES = 20;

async function duplicate(id: string): Promise<Promotion> {
  for (let turn = 1; ; turn++) {
    const copyId = turn === 1 ? `${id}-copy` : `${id}-copy-${turn}`;
    try {
      const body = { promotion_id: copyId };
      return await api<Promotion>(promotionPath(id, "duplicate"), { method: "POST", body });
    } catch (error) {
      const isTaken = error instanceof ApiError && error.code === "promotion_exists";
      if (!isTaken || turn === MOST_COPIES) throw error;
    }
  }
}

/** Says that something was not done, and why. It stays until it is closed. */
export function tellFailure(title: string, error: unknown): void {
  const why = error instanceof ApiError ? error.detail : "Load the page again and try once more.";
  tell(why, "bad", { title });
}
