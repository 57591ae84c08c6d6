import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { memo } from "react";
import type { Line } from "../../../api/types";
import { DASH, share } from "../../../format";
import { type Comparison, differs } from "./comparing";
import classes from "./lines.module.css";
import { RateBar } from "./RateBar";

interface Props {
  line: Line;
  comparison: Comparison;
}

/** A row's rate: the number, its interval, and both as a bar on the scale of all rows. */
export const LineRate = memo(function LineRate({ line, comparison }: Props) {
  const { rate, interval, display, enough, assigned } = line;
  if (rate === null || assigned === 0) return <span className={classes.none}>{DASH}</span>;
  return (
    <span className={classes.rateCell}>
      <span>
        <span className={classes.rateText}>
          <Difference line={line} total={comparison.total} />
          {display}
        </span>
        {interval && enough && (
          <span className={classes.intervalText} title="95% interval">
            {between(interval)}
          </span>
        )}
        {!enough && <span className={classes.intervalText}>Too few to compare</span>}
      </span>
      <RateBar
        rate={rate}
        interval={interval}
        scale={comparison.scale}
        reference={comparison.total}
        isPale={!enough}
      />
    </span>
  );
});

/** "64.6% to 71.2%", as short as a column wants it. */
const between = ([low, high]: readonly [number, number]): string =>
  `${share(low).replace("%", "")}\u2009\u2013\u2009${share(high)}`;

const SAID = { above: "Above the total", below: "Below the total" };

function Difference({ line, total }: { line: Line; total: number | null }) {
  const way = differs(line, total);
  if (!way) return null;
  const Icon = way === "above" ? IconArrowUp : IconArrowDown;
  return (
    <span className={classes.difference} data-way={way} title={`${SAID[way]}, beyond chance`}>
      <Icon size={14} stroke={2.2} aria-hidden />
      <span className="only-read-aloud">{SAID[way]}: </span>
    </span>
  );
}
