import { CopyButton } from "./CopyButton";
import classes from "./look.module.css";

interface Props {
  /** What it is: "Python". Said to those who do not see it. */
  label: string;
  code: string;
}

/** A piece of code to copy. */
export function Snippet({ label, code }: Props) {
  return (
    <div className={classes.snippet}>
      <div className={classes.snippetCopy}>
        <CopyButton text={code} what={label} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines are scrolled by keyboard */}
      <section aria-label={label} tabIndex={0}>
        <pre>
          <code>{code}</code>
        </pre>
      </section>
    </div>
  );
}
