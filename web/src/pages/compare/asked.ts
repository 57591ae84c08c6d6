import { useComputedColorScheme } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import type { Breakdown, Promotion } from "../../api/types";
import { palette } from "../../look/palette";
import { breakdownQuery, promotionQuery } from "../breakdown/asked";

/** One of the compared promotions; not there yet, or never, where its id is unknown. */
export interface Compared {
  id: string;
  colour: string;
  promotion: Promotion | undefined;
  error: Error | null;
}

export function useCompared(ids: readonly string[]): Compared[] {
  const isDark = useComputedColorScheme("light") === "dark";
  const colours = palette(isDark);
  const asked = useQueries({ queries: ids.map((id) => promotionQuery(id)) });
  return ids.map((id, index) => ({
    id,
    colour: colours[index] ?? "gray",
    promotion: asked[index]?.data,
    error: asked[index]?.error ?? null,
  }));
}

/** One breakdown of each; undefined until it is there. */
export function useBreakdowns(
  compared: readonly Compared[],
  by: string,
): (Breakdown | undefined)[] {
  const asked = useQueries({ queries: compared.map(({ id }) => breakdownQuery(id, by)) });
  return asked.map(({ data }) => data);
}

/** What a promotion is called: its id, where its name is not known. */
export const nameOf = ({ id, promotion }: Compared): string => promotion?.name ?? id;
