/** What can be said before asking the API; everything else it says itself, and it is shown at the field. */
import type { FormValues } from "./values";

const needed = (said: string) => (value: string) => (value.trim() ? null : said);
const ofTiers = (value: string, { kind }: FormValues) =>
  kind === "tiered" && !value.trim() ? "Each tier needs an id" : null;

export const checks = {
  name: needed("A promotion needs a name"),
  promotion_id: needed("A promotion needs an id"),
  tiers: { tier_id: ofTiers },
  limits: { amount: needed("How much?") },
};
