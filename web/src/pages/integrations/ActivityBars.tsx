import { Skeleton, useComputedColorScheme } from "@mantine/core";
import { memo, useMemo } from "react";
import { useSession } from "../../api/session";
import type { Activity } from "../../api/types";
import { count } from "../../format";
import { useNow } from "../../look/Ago";
import { Hover } from "../../look/Hover";
import { type Bucket, buckets, totals } from "./buckets";
import classes from "./integrations.module.css";
import { Legend } from "./Legend";
import { occurring, outcomeColour, outcomeLabel } from "./outcomes";
import { useActivity } from "./sources";

const WIDTH = 288;
const HEIGHT = 36;
const MINUTE_MS = 60_000;

/** The events of the last 48 hours as small stacked bars, with their number; which outcomes, on hover. */
export function ActivityBars({ source }: { source: string }) {
  const { data, isPending } = useActivity(source, "hour");
  if (isPending) return <Skeleton height={62} />;
  if (!data) return null;
  const sums = totals(data.items);
  const all = sums.reduce((sum, [, number]) => sum + number, 0);
  const said = sums.map(([outcome, number]) => `${outcomeLabel(outcome)} ${count(number)}`);
  return (
    <div className={classes.activity}>
      <Hover width={220} more={() => <Legend items={data.items} />}>
        <button
          type="button"
          className={classes.bars}
          aria-label={`Last 48 hours: ${said.join(", ") || "nothing came"}`}
        >
          <Bars activity={data} />
        </button>
      </Hover>
      <span className={classes.small}>
        {all === 0 ? "Nothing in 48 hours" : `${count(all)} in 48 hours`}
      </span>
    </div>
  );
}

const Bars = memo(function Bars({ activity }: { activity: Activity }) {
  const { workspace } = useSession();
  const isDark = useComputedColorScheme("light") === "dark";
  const minute = Math.floor(useNow() / MINUTE_MS) * MINUTE_MS;
  const shown = useMemo(
    () => buckets(activity, workspace.time_zone, minute),
    [activity, workspace.time_zone, minute],
  );
  const stacks = useMemo(() => drawn(shown), [shown]);
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path d={`M0 ${HEIGHT - 0.5}H${WIDTH}`} stroke="var(--ps-line)" />
      {stacks.map(([outcome, path]) => (
        <path key={outcome} d={path} fill={outcomeColour(outcome, isDark)} />
      ))}
    </svg>
  );
});

/** One path for each outcome: its part of every bar. */
function drawn(shown: readonly Bucket[]): [outcome: string, path: string][] {
  const sizes = shown.map((one) => totals([one]).reduce((sum, [, n]) => sum + n, 0));
  const scale = (HEIGHT - 2) / Math.max(...sizes, 1);
  const step = WIDTH / shown.length;
  const tops = shown.map(() => HEIGHT);
  return occurring(shown).map((outcome) => {
    const parts = shown.map((one, i) => {
      const number = one.outcomes[outcome];
      if (!number) return "";
      const height = number * scale;
      const top = (tops[i] ?? HEIGHT) - height;
      tops[i] = top;
      return `M${(i * step + 0.75).toFixed(1)} ${top.toFixed(1)}h${step - 1.5}v${height.toFixed(1)}h${1.5 - step}z`;
    });
    return [outcome, parts.join("")];
  });
}
