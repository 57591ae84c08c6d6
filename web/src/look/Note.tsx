import type { ReactNode } from "react";
import classes from "./look.module.css";
import type { Tone } from "./Tag";

interface Props {
  title?: string;
  tone?: Tone;
  children: ReactNode;
}

/** Something worth knowing, set apart from the rest. */
export function Note({ title, tone = "accent", children }: Props) {
  return (
    <div className={classes.note} data-tone={tone}>
      {title && <strong>{title}</strong>}
      <div>{children}</div>
    </div>
  );
}
