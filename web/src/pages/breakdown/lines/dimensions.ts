import type { Promotion } from "../../../api/types";

export type Dimension = "tier" | "segment" | "channel" | "campaign" | "source" | "code" | "outcome";

/** What customers can be told apart by; what is peculiar about it is said below the table. */
export const DIMENSIONS: Record<Dimension, { name: string; about?: string }> = {
  tier: { name: "Tier" },
  segment: {
    name: "Segment",
    about: "The segment a customer was in when the promotion was assigned.",
  },
  channel: {
    name: "Channel",
    about: "An assignment sent over several channels counts once, under all of them together.",
  },
  campaign: { name: "Campaign" },
  source: {
    name: "Source",
    about:
      "Assignments and their rate stand under the source that reported the assignments; redemptions and cost under the one that reported the redemptions.",
  },
  code: {
    name: "Code",
    about: "A rate is shown from 30 assignments of a code on; fewer are too few to compare.",
  },
  outcome: {
    name: "Outcome",
    about: "What became of every assignment and every reported event.",
  },
};

/** What this promotion can be broken down by, the most telling first. */
export function dimensions({ kind, tiers }: Promotion): [Dimension, ...Dimension[]] {
  const common: [Dimension, ...Dimension[]] = ["segment", "channel", "campaign", "source"];
  const own: Dimension[] = kind === "personalized" ? ["code", "outcome"] : ["outcome"];
  return kind === "tiered" || tiers.length > 0 ? ["tier", ...common, ...own] : [...common, ...own];
}
