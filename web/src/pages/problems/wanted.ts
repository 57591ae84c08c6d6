import { useSearchParams } from "react-router";

/** Which problems are looked at; it lives in the address, so that it can be shared. */
export interface Wanted {
  outcome: string;
  reason: string;
  source: string;
  q: string;
}

const NAMES = ["outcome", "reason", "source", "q"] as const;

export function useWanted() {
  const [words, setWords] = useSearchParams();
  const wanted = Object.fromEntries(NAMES.map((name) => [name, words.get(name) ?? ""]));
  const want = (change: Partial<Wanted>) => {
    const next = new URLSearchParams(words);
    for (const [name, value] of Object.entries(change))
      value ? next.set(name, value) : next.delete(name);
    setWords(next, { replace: true });
  };
  return { wanted: wanted as unknown as Wanted, want };
}
