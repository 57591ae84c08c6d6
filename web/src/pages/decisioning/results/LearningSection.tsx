import { Skeleton, useComputedColorScheme } from "@mantine/core";
import { useMemo } from "react";
import type { ValueOverTime } from "../../../api/types";
import { count, share } from "../../../format";
import { Chart } from "../../../look/Chart";
import { SaveCsv } from "../../../look/SaveCsv";
import { Section } from "../../../look/Section";
import classes from "../decisioning.module.css";
import { learningTable } from "./files";
import { learningChart } from "./valueChart";

/** How well the policy knew beforehand what would be redeemed. */
export function LearningSection({ value }: { value: ValueOverTime | undefined }) {
  const isDark = useComputedColorScheme("light") === "dark";
  const option = useMemo(() => value && learningChart(value, isDark), [value, isDark]);
  return (
    <Section
      title="Learning"
      about={value ? said(value) : undefined}
      aside={
        value?.periods.some((one) => one.learning) && (
          <SaveCsv of="learning" rows={() => learningTable(value)} />
        )
      }
    >
      {!value || !option ? (
        <Skeleton height={240} />
      ) : value.periods.some((one) => one.learning) ? (
        <Chart title="Expected and real redemption rate over time" option={option} height={240} />
      ) : (
        <p className={classes.quiet}>
          Too few offers have settled yet to tell how well it knows what will be redeemed.
        </p>
      )}
    </Section>
  );
}

function said({ periods, whole }: ValueOverTime): string {
  const { learning } = whole;
  if (!learning) return "What was expected to be redeemed beside what really was.";
  const latest = [...periods].reverse().find((one) => one.learning)?.learning ?? learning;
  const gained =
    latest.gain > 0.005
      ? `In the latest period it foresaw who redeems ${share(latest.gain)} better than a guess that knows only the average.`
      : "In the latest period it did not yet foresee who redeems better than a guess that knows only the average.";
  return `Of ${count(learning.offers)} offers, ${share(learning.predicted)} were expected to be redeemed and ${share(learning.observed)} were. ${gained}`;
}
