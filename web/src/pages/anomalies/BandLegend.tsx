import classes from "./anomalies.module.css";

/** What the lines and the band of a chart of anomalies are. */
export function BandLegend() {
  return (
    <p className={classes.legend}>
      <span>
        <i data-shows="counted" /> Counted
      </span>
      <span>
        <i data-shows="anomaly" /> In an anomaly
      </span>
      <span>
        <i data-shows="expected" /> Expected
      </span>
      <span>
        <i data-shows="band" /> No surprise
      </span>
    </p>
  );
}
