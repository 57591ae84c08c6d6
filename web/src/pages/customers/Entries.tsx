import { Link } from "react-router";
import { useSession } from "../../api/session";
import type { TimelineEntry } from "../../api/types";
import { date, instant, money, titled } from "../../format";
import { Tag, type Tone } from "../../look/Tag";
import { decisionAddress } from "../decisioning/addresses";
import { CHOSEN_BY, offerName } from "../decisioning/words";
import classes from "./customers.module.css";

interface Props {
  entries: readonly TimelineEntry[];
  kind: string;
}

/** What happened, by day, the newest first. */
export function Entries({ entries, kind }: Props) {
  const { workspace } = useSession();
  if (entries.length === 0)
    return (
      <p className={classes.none}>{kind ? `No ${kind} so far.` : "Nothing happened so far."}</p>
    );
  const days = new Map<string, TimelineEntry[]>();
  for (const one of entries) {
    const day = date(one.at, workspace.time_zone);
    days.set(day, [...(days.get(day) ?? []), one]);
  }
  return (
    <div className={classes.days}>
      {[...days].map(([day, there]) => (
        <section key={day} aria-label={day}>
          <h3>{day}</h3>
          <ol className={classes.entries}>
            {there.map((one) => (
              <Entry key={`${one.kind} ${one.id} ${one.at}`} one={one} />
            ))}
          </ol>
        </section>
      ))}
    </div>
  );
}

const TONES: Record<string, Tone> = {
  decision: "accent",
  assignment: "quiet",
  redemption: "good",
  reversal: "bad",
  outcome: "warn",
};

function Entry({ one }: { one: TimelineEntry }) {
  const { workspace } = useSession();
  const clock = instant(one.at, workspace.time_zone).split(", ")[1];
  return (
    <li>
      <time dateTime={one.at}>{clock}</time>
      <span className={classes.kind}>
        <Tag tone={TONES[one.kind] ?? "quiet"}>{titled(one.kind)}</Tag>
      </span>
      <span className={classes.what}>
        <What one={one} />
        <small>{moreOf(one)}</small>
      </span>
      <span className={classes.amount}>
        {Number(one.reward) > 0 && one.reward && one.currency && money(one.reward, one.currency)}
        {one.value && <small>{orderOf(one, workspace.currency)}</small>}
      </span>
    </li>
  );
}

const orderOf = (one: TimelineEntry, own: string): string =>
  `${one.kind === "outcome" ? "" : "order "}${money(one.value ?? "0", isMoney(one.currency) ? (one.currency ?? own) : own)}`;
const isMoney = (currency: string | null): boolean => /^[A-Z]{3}$/.test(currency ?? "");

function What({ one }: { one: TimelineEntry }) {
  const offer = offerName(one.promotion_id, one.tier_id);
  if (one.kind === "decision") return <Link to={decisionAddress(one.id)}>{offer}</Link>;
  if (one.promotion_id === null) return <span>{titled(one.what)}</span>;
  return <Link to={`/promotions/${encodeURIComponent(one.promotion_id)}`}>{offer}</Link>;
}

const PLAIN = ["assigned", "counted"];

function moreOf(one: TimelineEntry): string {
  const state =
    one.kind === "decision"
      ? (CHOSEN_BY[one.what] ?? titled(one.what))
      : PLAIN.includes(one.what) || one.promotion_id === null
        ? ""
        : titled(one.what);
  const about =
    one.about && one.kind !== "decision" ? `${ABOUT[one.kind] ?? "about"} ${one.about}` : "";
  return [state, one.id, about].filter(Boolean).join(" · ");
}

const ABOUT: Record<string, string> = {
  redemption: "of assignment",
  reversal: "reverses",
  outcome: "order",
};
