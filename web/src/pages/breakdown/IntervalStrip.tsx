import classes from "./breakdown.module.css";

interface Props {
  rate: number;
  interval: readonly [number, number];
}

/** Where a rate lies between 0 and 100%, and how sure that is. The numbers stand beside it. */
export function IntervalStrip({ rate, interval: [low, high] }: Props) {
  const x = (value: number) => `${(value * 100).toFixed(2)}%`;
  return (
    <svg className={classes.strip} aria-hidden="true" role="presentation">
      <rect x="0" y="5" width="100%" height="6" rx="3" fill="var(--ps-track)" />
      <rect x="0" y="5" width={x(rate)} height="6" rx="3" fill="var(--ps-accent)" />
      <line x1={x(low)} x2={x(high)} y1="8" y2="8" />
      <line x1={x(low)} x2={x(low)} y1="3" y2="13" />
      <line x1={x(high)} x2={x(high)} y1="3" y2="13" />
    </svg>
  );
}
