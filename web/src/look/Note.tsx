import type { Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./look.module.css";
import type { Tone } from "./Tag";

interface Props {
  tone: Tone;
  icon: Icon;
  title?: string;
  children: ReactNode;
  /** `status` for what has just come true. */
  role?: "status";
}

/** Something to be known before going on. */
export function Note({ tone, icon: Mark, title, children, role }: Props) {
  return (
    <div className={classes.note} data-tone={tone} role={role}>
      <Mark size={18} aria-hidden />
      <div>
        {title && <strong>{title}</strong>}
        {children}
      </div>
    </div>
  );
}
