import type { UseQueryResult } from "@tanstack/react-query";
import { useState } from "react";
import type { Breakdown } from "../../../api/types";
import { useKnown } from "../../known/useKnown";
import { useAddress } from "../address";
import { useThen } from "./asked";

export interface Moment {
  /** Null: what is known now, and nothing beside it. */
  asOf: string | null;
  known: UseQueryResult<Breakdown>;
  /** Whether the choice of a moment is open. */
  isOpen: boolean;
  toggle: () => void;
  choose: (asOf: string) => void;
}

/** Whether two columns are shown: a moment was chosen, and not refused. */
export const isThen = ({ asOf, known }: Moment): boolean => asOf !== null && !known.error;

/** The moment that the address names, and what of this breakdown was known then. */
export function useMoment(
  promotionId: string,
  by: string,
  date: string,
  after: string | null = null,
  isShown = true,
): Moment {
  const { get, set } = useAddress();
  const [isOpened, setOpened] = useState(false);
  const [whole, know] = useKnown();
  const asOf = isShown ? (get("as_of") ?? whole) : null;
  const known = useThen(promotionId, by, date, after, asOf);
  const isOpen = isOpened || asOf !== null;
  const toggle = () => {
    setOpened(!isOpen);
    if (whole !== null) know(null);
    else if (asOf !== null) set({ as_of: null, after: null });
  };
  return { asOf, known, isOpen, toggle, choose: (moment) => set({ as_of: moment, after: null }) };
}
