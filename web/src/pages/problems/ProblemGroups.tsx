import type { ProblemCount } from "../../api/types";
import { count, titled } from "../../format";
import { OutcomeTag } from "../../look/Tag";
import classes from "./problems.module.css";
import type { Wanted } from "./wanted";

interface Props {
  counts: ProblemCount[];
  wanted: Wanted;
  want: (change: Partial<Wanted>) => void;
}

interface Group {
  outcome: string;
  reason: string;
  count: number;
}

/** What there is to look at, most of it first; a click shows that alone. */
export function ProblemGroups({ counts, wanted, want }: Props) {
  const groups = grouped(counts.filter((one) => !wanted.source || one.source === wanted.source));
  return (
    <nav aria-label="Kinds of problem" className={classes.groups}>
      {groups.map((group) => {
        const isChosen = group.outcome === wanted.outcome && group.reason === wanted.reason;
        const { outcome, reason } = isChosen ? { outcome: "", reason: "" } : group;
        return (
          <button
            key={`${group.outcome}/${group.reason}`}
            type="button"
            className={classes.group}
            aria-pressed={isChosen}
            onClick={() => want({ outcome, reason })}
          >
            <span>
              <span className={classes.reason}>{titled(group.reason)}</span>
              <OutcomeTag outcome={group.outcome} />
            </span>
            <span className={classes.count}>{count(group.count)}</span>
          </button>
        );
      })}
    </nav>
  );
}

function grouped(counts: ProblemCount[]): Group[] {
  const groups = new Map<string, Group>();
  for (const { outcome, reason, count: n } of counts) {
    const there = groups.get(`${outcome}/${reason}`);
    if (there) there.count += n;
    else groups.set(`${outcome}/${reason}`, { outcome, reason, count: n });
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}
