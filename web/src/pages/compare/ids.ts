import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";

/** More than this cannot be told apart. */
export const MOST = 6;

/** Which promotions are compared, as the address says it: `?id=A&id=B`. */
export function useIds() {
  const [words, setWords] = useSearchParams();
  const said = words.getAll("id").join("\n"); // no id holds a line break
  const ids = useMemo(() => [...new Set(said.split("\n").filter(Boolean))].slice(0, MOST), [said]);
  const change = useCallback(
    (next: string[]) =>
      setWords(
        (old) => {
          const fresh = new URLSearchParams(old);
          fresh.delete("id");
          for (const id of next) fresh.append("id", id);
          return fresh;
        },
        { replace: true },
      ),
    [setWords],
  );
  return {
    ids,
    add: (id: string) => change([...ids, id]),
    remove: (id: string) => change(ids.filter((one) => one !== id)),
  };
}
