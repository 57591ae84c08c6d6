import { useCallback } from "react";
import { useSearchParams } from "react-router";

/** The moment as of which the whole page is told, as its address says it; null for now. */
export function useKnown(): [known: string | null, know: (moment: string | null) => void] {
  const [params, setParams] = useSearchParams();
  const know = useCallback(
    (moment: string | null) =>
      setParams((now) => {
        const after = new URLSearchParams(now);
        if (moment) after.set("known", moment);
        else after.delete("known");
        for (const name of ["as_of", "after", "page"]) after.delete(name);
        return after;
      }),
    [setParams],
  );
  return [params.get("known"), know];
}

/** How a question is remembered: of now it is kept true by the stream, of a moment it stays as it is. */
export function keyOf(known: string | null, ...key: unknown[]) {
  return known === null
    ? { queryKey: key }
    : { queryKey: ["then", known, ...key], staleTime: Number.POSITIVE_INFINITY };
}
