import { useComputedColorScheme } from "@mantine/core";
import { IconCalendarOff } from "@tabler/icons-react";
import { memo, useMemo } from "react";
import type { Breakdown } from "../../../api/types";
import { Chart } from "../../../look/Chart";
import { Empty } from "../../../look/Empty";
import { buckets, type Unit } from "./buckets";
import { cohortsChart, redemptionsChart } from "./charts";

/** A breakdown by time, as a chart. */
export const TimeChart = memo(function TimeChart({ breakdown }: { breakdown: Breakdown }) {
  const { rows, date } = breakdown;
  const unit = breakdown.by as Unit;
  const isDark = useComputedColorScheme("light") === "dark";
  const isByAssignment = date === "assigned";
  const all = useMemo(() => {
    const shown = rows.filter((line) => (isByAssignment ? line.assigned : line.redemptions) > 0);
    return buckets(shown, unit);
  }, [rows, unit, isByAssignment]);
  const option = useMemo(() => {
    const drawing = { buckets: all, unit, isDark };
    return isByAssignment ? cohortsChart(drawing) : redemptionsChart(drawing);
  }, [all, unit, isDark, isByAssignment]);
  if (all.length === 0)
    return (
      <Empty
        icon={IconCalendarOff}
        title={isByAssignment ? "Nobody was assigned yet" : "Nothing was redeemed yet"}
        why="The chart begins with the first one that is reported."
      />
    );
  const title = isByAssignment
    ? `Redemption rate by ${unit} of assignment`
    : `Redemptions by ${unit}`;
  return <Chart key={`${unit} ${date}`} title={title} option={option} height={280} />;
});
