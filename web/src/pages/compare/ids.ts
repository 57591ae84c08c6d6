import { useMemo } from "react";
import { useLocation, useNavigate } from "react-router";

/** More than this cannot be told apart. */
export const MOST = 6;

/** Which promotions are compared, as the address says it: `?id=A&id=B`. */
export function useIds() {
  const navigate = useNavigate();
  const { search } = useLocation();
  const said = idsOf(search).join("\n"); // no id holds a line break
  const ids = useMemo(() => said.split("\n").filter(Boolean), [said]);
  const change = (next: (ids: string[]) => string[]) => {
    // The browser's own address: of two quick changes, the first may not be drawn yet.
    const words = new URLSearchParams(window.location.search);
    const before = idsOf(window.location.search);
    words.delete("id");
    for (const id of next(before)) words.append("id", id);
    navigate({ search: words.toString() }, { replace: true });
  };
  return {
    ids,
    add: (id: string) => change((before) => [...before, id]),
    remove: (id: string) => change((before) => before.filter((one) => one !== id)),
  };
}

function idsOf(search: string): string[] {
  const said = new URLSearchParams(search).getAll("id").filter(Boolean);
  return [...new Set(said)].slice(0, MOST);
}
