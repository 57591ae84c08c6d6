export const KIND_SHORT: Record<string, string> = {
  global: "Global",
  tiered: "Tiered",
  personalized: "Personalized",
};

export const KIND_MEANING: Record<string, string> = {
  global: "One reward and one code for everybody.",
  tiered: "Several rungs with a reward of their own each, such as gold, silver and bronze.",
  personalized: "Each customer gets a code of their own; only they can redeem it.",
};
