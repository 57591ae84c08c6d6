import type { ReactNode } from "react";
import classes from "./breakdown.module.css";

interface Props {
  id: string;
  title: string;
  /** One sentence about what is shown. */
  about?: ReactNode;
  /** Controls at the right of the title. */
  tools?: ReactNode;
  children: ReactNode;
}

/** A part of the breakdown that can be linked to by its id. */
export function Section({ id, title, about, tools, children }: Props) {
  return (
    <section id={id} aria-labelledby={`${id}-title`} className={classes.section}>
      <header className={classes.sectionHead}>
        <div>
          <h3 id={`${id}-title`}>{title}</h3>
          {about && <p>{about}</p>}
        </div>
        {tools && <div className={classes.tools}>{tools}</div>}
      </header>
      {children}
    </section>
  );
}
