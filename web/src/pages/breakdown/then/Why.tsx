import { Link, useLocation } from "react-router";
import { goTo } from "../SectionNav";
import { useSince } from "./asked";
import type { Pair } from "./pairs";
import classes from "./then.module.css";
import { reasons } from "./why";

interface Props {
  promotionId: string;
  asOf: string;
  total: Pair;
}

/** Why the total moved since: by kind of restatement, which the log tells one by one. */
export function Why({ promotionId, asOf, total }: Props) {
  const { search } = useLocation();
  const { data } = useSince(promotionId, asOf);
  if (!data) return null;
  const all = reasons(total, data);
  if (all.length === 0) return null;
  return (
    <div className={classes.why}>
      <strong>Why it moved since</strong>
      <ul>
        {all.map(({ name, text }) => (
          <li key={name}>
            {name}: <b>{text}</b>
          </li>
        ))}
      </ul>
      {data.isMore && (
        <p>These are the newest {data.entries.length} restatements; there are more.</p>
      )}
      {data.entries.length > 0 && (
        <Link to={{ search, hash: "restatements" }} replace onClick={() => goTo("restatements")}>
          See them in the restatement log
        </Link>
      )}
    </div>
  );
}
