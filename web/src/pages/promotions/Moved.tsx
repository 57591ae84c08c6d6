import { type ReactNode, useState } from "react";
import classes from "./promotions.module.css";

interface Props {
  /** What is shown, as text: when it changes, the cell lights up for a moment. */
  value: string | number;
  children: ReactNode;
}

/** A figure that lights up briefly when it has moved. What is shown stays in its place and keeps its focus. */
export function Moved({ value, children }: Props) {
  const [seen, setSeen] = useState({ value, times: 0 });
  if (seen.value !== value) setSeen({ value, times: seen.times + 1 });
  return (
    <span className={classes.moving}>
      {seen.times > 0 && <span key={seen.times} className={classes.moved} aria-hidden />}
      {children}
    </span>
  );
}
