import { SegmentedControl, Stack } from "@mantine/core";
import { useSearchParams } from "react-router";
import { Failure } from "../../../look/Failure";
import { type Step, useEvaluation, useValue } from "../asked";
import { BudgetSection } from "./BudgetSection";
import { GainSection } from "./GainSection";
import { LearningSection } from "./LearningSection";
import { MixSection } from "./MixSection";
import { ValueSection } from "./ValueSection";

const STEPS = [
  { value: "week", label: "Week" },
  { value: "day", label: "Day" },
];

/** What decisioning brought: the gain first, in words, then how it came about. */
export function ResultsTab() {
  const [query, setQuery] = useSearchParams();
  const by: Step = query.get("by") === "day" ? "day" : "week";
  const evaluation = useEvaluation();
  const value = useValue(by);
  const choose = (step: string) => {
    const next = new URLSearchParams(query);
    if (step === "day") next.set("by", "day");
    else next.delete("by");
    setQuery(next, { replace: true });
  };
  const steps = (
    <SegmentedControl
      size="xs"
      aria-label="Length of a period"
      data={STEPS}
      value={by}
      onChange={choose}
    />
  );
  return (
    <Stack gap="md">
      {evaluation.error && !evaluation.data ? (
        <Failure error={evaluation.error} again={evaluation.refetch} />
      ) : (
        <GainSection evaluation={evaluation.data} whole={value.data?.whole} />
      )}
      {value.error && !value.data ? (
        <Failure error={value.error} again={value.refetch} />
      ) : (
        <>
          <ValueSection value={value.data} aside={steps} />
          <MixSection value={value.data} />
        </>
      )}
      <BudgetSection />
      <LearningSection value={value.data} />
    </Stack>
  );
}
