import classes from "../decisioning.module.css";

interface Props {
  interval: readonly [number, number];
  value: number;
  /** The ends of the strip, the same for all that stand under each other. */
  scale: readonly [number, number];
  said: string;
}

/** An interval on a common scale, with its ends in words. */
export function Range({ interval: [low, high], value, scale: [from, to], said }: Props) {
  const at = (one: number) => `${(100 * (one - from)) / (to - from)}%`;
  return (
    <span className={classes.range}>
      <span className={classes.strip} aria-hidden>
        <span style={{ left: at(low), right: `calc(100% - ${at(high)})` }} />
        <i style={{ left: at(value) }} />
      </span>
      <small>{said}</small>
    </span>
  );
}
