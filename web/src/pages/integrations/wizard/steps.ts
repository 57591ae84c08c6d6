import { useSearchParams } from "react-router";
import type { Source } from "../../../api/types";

/** The five steps of connecting a system. */
export const STEPS = [
  { id: "name", label: "Name", about: "Which system" },
  { id: "cadence", label: "Cadence", about: "When it reports" },
  { id: "key", label: "Key", about: "How it signs in" },
  { id: "test", label: "Test event", about: "See it land" },
  { id: "live", label: "Go live", about: "Start counting" },
] as const;

export type StepId = (typeof STEPS)[number]["id"];

/** Which step is shown: the address says it; without a word of it, the one where the set-up was left. */
export function useStep(source: Source | undefined): [StepId, (step: StepId) => void] {
  const [query, setQuery] = useSearchParams();
  const asked = STEPS.find((one) => one.id === query.get("step"))?.id;
  const go = (step: StepId) => setQuery({ step });
  if (!source) return ["name", go];
  return [asked && asked !== "name" ? asked : resumed(source), go];
}

const resumed = (source: Source): StepId =>
  source.state === "live" || source.test ? "live" : "cadence";
