import type { ReactNode } from "react";
import classes from "./look.module.css";

/** A white sheet that things lie on. */
export function Surface({ children, padded = false }: { children: ReactNode; padded?: boolean }) {
  return (
    <div className={classes.surface} data-padded={padded || undefined}>
      {children}
    </div>
  );
}

interface StatProps {
  label: string;
  value: ReactNode;
  more?: ReactNode;
}

/** One figure with its name. */
export function Stat({ label, value, more }: StatProps) {
  return (
    <div className={classes.stat}>
      <dt>{label}</dt>
      <dd className="figure">{value}</dd>
      {more && <dd className={classes.statMore}>{more}</dd>}
    </div>
  );
}

export function Stats({ children }: { children: ReactNode }) {
  return <dl className={classes.stats}>{children}</dl>;
}
