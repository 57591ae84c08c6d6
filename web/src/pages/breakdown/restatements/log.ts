/** The restatement log: asked for page by page, and put in words. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { api, promotionPath } from "../../../api/client";
import type { Restatement, Restatements } from "../../../api/types";
import { count, day } from "../../../format";
import type { Tone } from "../../../look/Tag";

/** So many entries at once. */
const PAGE = 20;

/** Renewed with the breakdown. */
export function useRestatements(id: string) {
  return useInfiniteQuery({
    queryKey: ["breakdown", id, "restatements"],
    queryFn: ({ signal, pageParam }) =>
      api<Restatements>(promotionPath(id, "restatements"), {
        query: { limit: PAGE, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
  });
}

interface Kind {
  name: string;
  tone: Tone;
}

const KINDS: Record<string, Kind> = {
  reversal: { name: "Reversal", tone: "bad" },
  partial_reversal: { name: "Partial reversal", tone: "bad" },
  late_assignment: { name: "Late assignment", tone: "warn" },
  late_redemption: { name: "Late redemption", tone: "warn" },
  late_report: { name: "Late report", tone: "quiet" },
  import: { name: "Import", tone: "quiet" },
  withdrawal: { name: "Withdrawal", tone: "warn" },
  terms: { name: "New terms", tone: "accent" },
  mapped: { name: "Mapped", tone: "good" },
  unmapped: { name: "Mapping ended", tone: "warn" },
  identified: { name: "Identified", tone: "good" },
};

export const kindOf = (kind: string): Kind => KINDS[kind] ?? { name: kind, tone: "quiet" };

/** The days an entry moved: "9 Oct 2026", "12 days, 1 Oct 2026 to 12 Oct 2026". */
export function daysOf({ days }: Restatement): string {
  const all = [...new Set(days.map((one) => one.day))].sort();
  const [first, last] = [all.at(0), all.at(-1)];
  if (!first || !last) return "";
  if (first === last) return day(first);
  return `${count(all.length)} days, ${day(first)} to ${day(last)}`;
}

/** "+3", "-1"; nothing where nothing moved. */
export const moved = (by: number): string => (by > 0 ? `+${count(by)}` : by < 0 ? count(by) : "");
