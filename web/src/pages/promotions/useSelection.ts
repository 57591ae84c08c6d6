import { useCallback, useMemo, useState } from "react";
import type { Promotion } from "../../api/types";

/** More than this many side by side cannot be read. */
export const MOST_COMPARED = 6;

export interface Selection {
  chosen: Promotion[];
  choose: (promotions: Promotion[]) => void;
  isChosen: (promotion: Promotion) => boolean;
  isSelectable: (promotion: Promotion) => boolean;
}

/** The promotions picked to be compared; they stay picked from page to page. */
export function useSelection(): Selection {
  const [chosen, setChosen] = useState<Promotion[]>([]);
  const choose = useCallback(
    (promotions: Promotion[]) => setChosen(promotions.slice(0, MOST_COMPARED)),
    [],
  );
  return useMemo(() => {
    const ids = new Set(chosen.map((one) => one.promotion_id));
    const isChosen = (one: Promotion) => ids.has(one.promotion_id);
    const isSelectable = (one: Promotion) => ids.size < MOST_COMPARED || isChosen(one);
    return { chosen, choose, isChosen, isSelectable };
  }, [chosen, choose]);
}

/** The address where the chosen ones stand side by side. */
export function compareAddress(chosen: readonly Promotion[]): string {
  const words = new URLSearchParams(chosen.map((one) => ["id", one.promotion_id]));
  return `/compare?${words}`;
}
