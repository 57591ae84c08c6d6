import { Group, NativeSelect, useComputedColorScheme } from "@mantine/core";
import { useMemo, useState } from "react";
import { useSession } from "../../api/session";
import type { Anomaly } from "../../api/types";
import { Chart } from "../../look/Chart";
import { BandLegend } from "./BandLegend";
import { bandChart } from "./bandChart";
import { isAnomalous, seriesOf, slotsOf } from "./overTime";

/** How anomalies followed one another: what was counted around each, on the band in which it was expected. */
export function AnomaliesOverTime({ anomalies }: { anomalies: readonly Anomaly[] }) {
  const { workspace } = useSession();
  const isDark = useComputedColorScheme("light") === "dark";
  const all = useMemo(() => seriesOf(anomalies), [anomalies]);
  const [chosen, choose] = useState<string | null>(null);
  const series = all.find(({ key }) => key === chosen) ?? all[0];
  const option = useMemo(
    () =>
      series &&
      bandChart({
        slots: slotsOf(series),
        slot: series.slot,
        isIn: isAnomalous(series),
        zone: workspace.time_zone,
        isDark,
      }),
    [series, workspace.time_zone, isDark],
  );
  if (!series || !option) return null;
  return (
    <div>
      <Group justify="space-between" gap="xs" mb="xs">
        <BandLegend />
        {all.length > 1 && (
          <NativeSelect
            size="xs"
            aria-label="Anomalies of"
            data={all.map(({ key, name }) => ({ value: key, label: name }))}
            value={series.key}
            onChange={({ currentTarget }) => choose(currentTarget.value)}
          />
        )}
      </Group>
      <Chart
        key={series.key}
        title={`Anomalies over time: ${series.name}`}
        option={option}
        height={220}
      />
    </div>
  );
}
