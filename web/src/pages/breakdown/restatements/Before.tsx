import { Link, useLocation } from "react-router";
import { goTo } from "../SectionNav";
import { justBefore } from "../then/moments";
import classes from "./restatements.module.css";

interface Props {
  at: string;
  /** What happened then. */
  name: string;
}

/** Looks at what was known just before an entry, beside what is known now. */
export function Before({ at, name }: Props) {
  const { search } = useLocation();
  const words = new URLSearchParams(search);
  words.set("as_of", justBefore(at));
  words.delete("after");
  return (
    <Link
      className={classes.before}
      to={{ search: words.toString(), hash: "groups" }}
      replace
      onClick={() => goTo("groups")}
      aria-label={`What was known before it: ${name}`}
    >
      What was known before it
    </Link>
  );
}
