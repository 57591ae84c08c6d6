import type { Cadence } from "../../api/types";

interface Told {
  cadence: Cadence;
  label: string;
  /** In a sentence about what is expected: "Expected hourly". */
  adverb: string;
  about: string;
}

/** The three cadences, in words. They differ in when figures move, and in nothing else. */
export const CADENCES: readonly Told[] = [
  {
    cadence: "realtime",
    label: "Real-time",
    adverb: "in real time",
    about:
      "Each redemption is sent as it happens. The figures have moved before your system gets its answer.",
  },
  {
    cadence: "hourly",
    label: "Hourly",
    adverb: "hourly",
    about: "A batch every hour. The figures move once, when the whole batch has been taken.",
  },
  {
    cadence: "daily",
    label: "Daily",
    adverb: "daily",
    about: "A batch every day, for example a file at night. The figures move once a day.",
  },
];

export const cadenceOf = (cadence: Cadence): Told =>
  CADENCES.find((one) => one.cadence === cadence) ?? (CADENCES[0] as Told);
