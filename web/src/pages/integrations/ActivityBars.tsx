import { Skeleton, useComputedColorScheme } from "@mantine/core";
import { memo, useMemo } from "react";
import { useSession } from "../../api/session";
import type { Activity, Source } from "../../api/types";
import { count } from "../../format";
import { useNow } from "../../look/Ago";
import { Hover } from "../../look/Hover";
import { type Bucket, buckets, totals } from "./buckets";
import { allowedHours, hoursSaid, isLate, silences } from "./freshness";
import classes from "./integrations.module.css";
import { Legend } from "./Legend";
import { occurring, outcomeColour, outcomeLabel } from "./outcomes";
import { useActivity } from "./sources";

const WIDTH = 288;
const HEIGHT = 36;
const MINUTE_MS = 60_000;

/** What came in the last 48 hours as small stacked bars, red below where it was overdue; which outcomes, on hover. */
export function ActivityBars({ source }: { source: Source }) {
  const { data, isPending } = useActivity(source.name, "hour");
  if (isPending) return <Skeleton height={62} />;
  if (!data) return null;
  return <Shown source={source} activity={data} />;
}

function Shown({ source, activity }: { source: Source; activity: Activity }) {
  const { workspace } = useSession();
  const minute = Math.floor(useNow() / MINUTE_MS) * MINUTE_MS;
  const shown = useMemo(
    () => buckets(activity, workspace.time_zone, minute),
    [activity, workspace.time_zone, minute],
  );
  const late = useMemo(() => {
    const allowed = allowedHours(source);
    const all = silences(shown, activity.items, source, activity.by, minute);
    return all.map((one) => isLate(one, allowed));
  }, [shown, activity, source, minute]);
  const sums = totals(activity.items);
  const all = sums.reduce((sum, [, number]) => sum + number, 0);
  const hours = late.filter(Boolean).length;
  const said = sums.map(([outcome, number]) => `${outcomeLabel(outcome)} ${count(number)}`);
  const overdue = hours === 0 ? "" : `, overdue in ${hoursSaid(hours)}`;
  return (
    <div className={classes.activity}>
      <Hover width={220} more={() => <Legend items={activity.items} />}>
        <button
          type="button"
          className={classes.bars}
          aria-label={`Last 48 hours: ${said.join(", ") || "nothing came"}${overdue}`}
        >
          <Bars buckets={shown} late={late} />
        </button>
      </Hover>
      <span className={classes.small}>
        {all === 0 ? "No event or assignment in 48 hours" : `${count(all)} in 48 hours`}
        {overdue}
      </span>
    </div>
  );
}

interface BarsProps {
  buckets: readonly Bucket[];
  late: readonly boolean[];
}

const Bars = memo(function Bars({ buckets: shown, late }: BarsProps) {
  const isDark = useComputedColorScheme("light") === "dark";
  const stacks = useMemo(() => drawn(shown), [shown]);
  const step = WIDTH / Math.max(shown.length, 1);
  const below = late.map((is, i) => (is ? `M${i * step} ${HEIGHT - 1.5}h${step}` : "")).join("");
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path d={`M0 ${HEIGHT - 0.5}H${WIDTH}`} stroke="var(--ps-line)" />
      {stacks.map(([outcome, path]) => (
        <path key={outcome} d={path} fill={outcomeColour(outcome, isDark)} />
      ))}
      {below && <path d={below} stroke="var(--ps-bad)" strokeWidth={3} />}
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
