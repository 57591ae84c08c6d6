import { useComputedColorScheme } from "@mantine/core";
import { memo, useMemo } from "react";
import { useSession } from "../../api/session";
import type { Anomaly } from "../../api/types";
import { Chart } from "../../look/Chart";
import { bandChart } from "./bandChart";

const HEIGHT = 200;

/** What was counted, on the band in which it was expected. */
export const AnomalyChart = memo(function AnomalyChart({ anomaly }: { anomaly: Anomaly }) {
  const { workspace } = useSession();
  const isDark = useComputedColorScheme("light") === "dark";
  const option = useMemo(() => {
    const { slots, slot, began_at } = anomaly;
    const first = slots.findLast(({ at }) => at <= began_at)?.at ?? slots[0]?.at ?? "";
    const isIn = ({ at }: { at: string }) => at >= first;
    return bandChart({ slots, slot, isIn, zone: workspace.time_zone, isDark });
  }, [anomaly, workspace.time_zone, isDark]);
  return (
    <Chart title={`Counted and expected by ${anomaly.slot}`} option={option} height={HEIGHT} />
  );
});
