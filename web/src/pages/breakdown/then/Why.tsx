import { Link, useLocation } from "react-router";
import { goTo } from "../SectionNav";
import { useSince } from "./asked";
import classes from "./then.module.css";
import { reasons, redefined } from "./why";

interface Props {
  promotionId: string;
  asOf: string;
}

/** Why the total moved since: by kind of restatement, which the log tells one by one. */
export function Why({ promotionId, asOf }: Props) {
  const { search } = useLocation();
  const { data } = useSince(promotionId, asOf);
  if (!data) return null;
  const all = reasons(data);
  const changed = redefined(data);
  if (all.length === 0 && !changed) return null;
  return (
    <div className={classes.why}>
      <strong>Why it moved since</strong>
      <ul>
        {all.map(({ name, text }) => (
          <li key={name}>
            {name}: <b>{text}</b>
          </li>
        ))}
        {changed && (
          <li>
            Redefined: <b>{changed}</b>
          </li>
        )}
      </ul>
      {all.some(({ name }) => name !== "Newly reported") && (
        <Link to={{ search, hash: "restatements" }} replace onClick={() => goTo("restatements")}>
          See them in the restatement log
        </Link>
      )}
    </div>
  );
}
