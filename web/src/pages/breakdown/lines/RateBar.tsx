import { memo } from "react";
import classes from "./lines.module.css";

interface Props {
  rate: number | null;
  interval: readonly [number, number] | null;
  /** The rate at the right end: the same for all bars that are compared. */
  scale: number;
  /** A rate to compare with, as a line across all bars: that of the total. */
  reference?: number | null;
  /** Of too few assignments to be compared: pale. */
  isPale?: boolean;
  colour?: string;
}

/** A rate as a bar, with its 95% interval as a whisker. The numbers stand beside it. */
export const RateBar = memo(function RateBar(props: Props) {
  const { rate, interval, scale, reference = null, isPale, colour = "var(--ps-accent)" } = props;
  const x = (value: number) => `${(Math.min(value / scale, 1) * 100).toFixed(2)}%`;
  return (
    <svg className={classes.rateBar} aria-hidden="true" data-pale={isPale || undefined}>
      <rect x="0" y="6" width="100%" height="8" rx="2" fill="var(--ps-track)" opacity="0.6" />
      {rate !== null && <rect x="0" y="6" width={x(rate)} height="8" rx="2" fill={colour} />}
      {interval && <Whisker from={x(interval[0])} to={x(interval[1])} />}
      {reference !== null && (
        <line className={classes.reference} x1={x(reference)} x2={x(reference)} y1="0" y2="20" />
      )}
    </svg>
  );
});

function Whisker({ from, to }: { from: string; to: string }) {
  return (
    <g className={classes.whisker}>
      <line x1={from} x2={to} y1="10" y2="10" />
      <line x1={from} x2={from} y1="6" y2="14" />
      <line x1={to} x2={to} y1="6" y2="14" />
    </g>
  );
}
