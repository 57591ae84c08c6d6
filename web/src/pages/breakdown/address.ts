import { useCallback } from "react";
import { useLocation, useNavigate } from "react-router";

/** Names in the query that belong to the breakdown; all others are the list's, and are left as they are. */
const MINE = ["by", "date", "unit", "order", "after", "time"] as const;
export type Name = (typeof MINE)[number];

/** What the breakdown shows, as its address says it. */
export interface Address {
  get: (name: Name) => string | null;
  /** Changes some of it; null takes a name out. The place one looked at before is not kept in the history. */
  set: (changes: Partial<Record<Name, string | null>>) => void;
}

export function useAddress(): Address {
  const navigate = useNavigate();
  const { search, hash } = useLocation();
  const get = useCallback((name: Name) => new URLSearchParams(search).get(name), [search]);
  const set = useCallback(
    (changes: Partial<Record<Name, string | null>>) => {
      const words = new URLSearchParams(search);
      for (const [name, value] of Object.entries(changes)) {
        if (value) words.set(name, value);
        else words.delete(name);
      }
      navigate({ search: words.toString(), hash }, { replace: true });
    },
    [navigate, search, hash],
  );
  return { get, set };
}

/** One of `choices` as the address says, else the first of them. */
export function chosen<T extends string>(said: string | null, choices: readonly [T, ...T[]]): T {
  return choices.find((one) => one === said) ?? choices[0];
}

/** The list's own part of a query: what closing goes back to. */
export function listSearch(search: string): string {
  const words = new URLSearchParams(search);
  for (const name of MINE) words.delete(name);
  return words.toString();
}
