import { Skeleton, useComputedColorScheme } from "@mantine/core";
import { useMemo } from "react";
import type { Line, Promotion } from "../../api/types";
import { Chart } from "../../look/Chart";
import { useBreakdown } from "./asked";
import classes from "./breakdown.module.css";
import { finding, generosityChart, type Point } from "./generosity";
import { Section } from "./Section";

/** Whether there are tiers of different generosity to compare. */
export function hasGenerosity({ tiers }: Promotion): boolean {
  return new Set(tiers.flatMap((tier) => tier.reward_value ?? [])).size > 1;
}

/** Whether giving more is taken up more: the reward of each tier against its rate. */
export function GenerositySection({ promotion }: { promotion: Promotion }) {
  const { data } = useBreakdown(promotion.promotion_id, "tier");
  const isDark = useComputedColorScheme("light") === "dark";
  const { reward } = promotion;
  const points = useMemo(
    () => (data ? pointsOf(data.rows, promotion.tiers) : []),
    [data, promotion.tiers],
  );
  const option = useMemo(() => generosityChart(points, reward, isDark), [points, reward, isDark]);
  return (
    <Section
      id="generosity"
      title="By generosity"
      about="The reward of each tier against its redemption rate, with the 95% interval. The numbers stand in the table by tier."
    >
      {!data && <Skeleton height={260} radius="md" />}
      {data && points.length > 0 && (
        <Chart title="Redemption rate by reward value of the tier" option={option} height={260} />
      )}
      {data && <p className={classes.note}>{finding(points, reward)}</p>}
    </Section>
  );
}

/** Tiers that have a rate, from the least generous to the most. */
function pointsOf(rows: readonly Line[], tiers: Promotion["tiers"]): Point[] {
  const points = tiers.flatMap(({ tier_id, name, reward_value: value }) => {
    const line = rows.find(({ key }) => key === tier_id);
    if (value === null || !line || line.rate === null || line.assigned === 0) return [];
    return [{ name: name ?? tier_id, value, line }];
  });
  return points.sort((a, b) => Number(a.value) - Number(b.value));
}
