import { useCallback } from "react";
import { useLocation, useNavigate } from "react-router";

/** Names in the query that belong to the breakdown; all others are the list's, and are left as they are. */
const MINE = ["by", "date", "unit", "order", "after", "time", "limit", "usage", "as_of"] as const;
type Mine = (typeof MINE)[number];

/** What is shown, as the address says it. */
export interface Address<Name extends string> {
  get: (name: Name) => string | null;
  /** Changes some of it; null takes a name out. What was shown before is not kept in the history. */
  set: (changes: Partial<Record<Name, string | null>>) => void;
}

export function useAddress<Name extends string = Mine>(): Address<Name> {
  const navigate = useNavigate();
  const { search } = useLocation();
  const get = useCallback((name: Name) => new URLSearchParams(search).get(name), [search]);
  const set = useCallback(
    (changes: Partial<Record<Name, string | null>>) => {
      // The browser's own address: of two quick changes, the first may not be drawn yet.
      const { search: now, hash } = window.location;
      const words = new URLSearchParams(now);
      for (const [name, value] of Object.entries<string | null | undefined>(changes)) {
        if (value) words.set(name, value);
        else words.delete(name);
      }
      navigate({ search: words.toString(), hash }, { replace: true });
    },
    [navigate],
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
