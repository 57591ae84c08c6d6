import type { ReactNode } from "react";
import classes from "./breakdown.module.css";

interface Props {
  id: string;
  title: string;
  /** One sentence about what is shown. */
  about?: ReactNode;
  /** Controls at the right of the title. */
  tools?: ReactNode;
  /** Of its title among the headings: 2 on a page, 3 in the drawer. */
  level?: 2 | 3;
  children: ReactNode;
}

/** A part of the breakdown that can be linked to by its id. */
export function Section({ id, title, about, tools, level = 3, children }: Props) {
  const Heading = `h${level}` as const;
  return (
    <section id={id} aria-labelledby={`${id}-title`} className={classes.section}>
      <header className={classes.sectionHead}>
        <div>
          <Heading id={`${id}-title`} tabIndex={-1}>
            {title}
          </Heading>
          {about && <p>{about}</p>}
        </div>
        {tools && <div className={classes.tools}>{tools}</div>}
      </header>
      {children}
    </section>
  );
}
