import { useComputedColorScheme } from "@mantine/core";
import { count } from "../../format";
import { totals } from "./buckets";
import classes from "./integrations.module.css";
import { occurring, outcomeColour, outcomeLabel } from "./outcomes";

interface Props {
  items: readonly { outcomes: Record<string, number> }[];
}

/** How many there were of each outcome, with the colours of the chart. */
export function Legend({ items }: Props) {
  const isDark = useComputedColorScheme("light") === "dark";
  const sums = new Map(totals(items));
  const outcomes = occurring(items);
  if (outcomes.length === 0) return <span>Nothing came.</span>;
  return (
    <dl className={classes.legend}>
      {outcomes.map((outcome) => (
        <div key={outcome}>
          <dt>
            <i style={{ background: outcomeColour(outcome, isDark) }} />
            {outcomeLabel(outcome)}
          </dt>
          <dd>{count(sums.get(outcome) ?? 0)}</dd>
        </div>
      ))}
    </dl>
  );
}
