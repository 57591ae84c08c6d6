import { useSession } from "../../../api/session";
import type { Restatement } from "../../../api/types";
import { moment, sentence } from "../../../format";
import { Tag } from "../../../look/Tag";
import { amountTexts } from "../Amounts";
import { Before } from "./Before";
import { daysOf, kindOf, moved } from "./log";
import classes from "./restatements.module.css";

const COUNTS = [
  ["assigned", "Assigned"],
  ["redeemed", "Redeemed"],
  ["redemptions", "Redemptions"],
  ["reversed", "Reversed"],
] as const;

/** An entry in a row: when, why, and by how much each figure moved. */
export function RestatementsTable({ entries }: { entries: readonly Restatement[] }) {
  return (
    <section
      className={classes.scroll}
      aria-label="Restatement log"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
    >
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">What happened</th>
            {COUNTS.map(([, name]) => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
            <th scope="col">Reward cost</th>
            <th scope="col">Order value</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <Row
              key={`${entry.restated_at} ${entry.kind} ${entry.source} ${entry.event_id}`}
              entry={entry}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ entry }: { entry: Restatement }) {
  const { workspace } = useSession();
  const { restated_at: at, kind, reason, source, total, days } = entry;
  const { name, tone } = kindOf(kind);
  const tiers = [...new Set(days.flatMap(({ tier_id: tier }) => tier ?? []))].join(", ");
  const amounts = (money: Record<string, string>, units = {}) =>
    amountTexts(money, units, workspace.currency).map(plus).join(", ");
  const figures: [string, string][] = [
    ...COUNTS.map(([what, title]): [string, string] => [title, moved(total[what])]),
    ["Reward cost", amounts(total.reward_cost, total.reward_units)],
    ["Order value", amounts(total.order_value)],
  ];
  return (
    <tr>
      <th scope="row">
        <span className={classes.head}>
          <Tag tone={tone}>{name}</Tag>
          <time dateTime={at}>{moment(at, workspace.time_zone)}</time>
        </span>
        <span className={classes.why}>{sentence(reason)}</span>
        <span className={classes.where}>
          {[`Moves ${daysOf(entry)}`, tiers && `tier ${tiers}`, source && `from ${source}`]
            .filter(Boolean)
            .join(" · ")}
        </span>
        <Brief figures={figures} />
        <Before at={at} name={name} />
      </th>
      {figures.map(([title, by]) => (
        <td key={title}>{by}</td>
      ))}
    </tr>
  );
}

/** On narrow screens, where there is no room for columns: what moved, in a line. */
function Brief({ figures }: { figures: [string, string][] }) {
  return (
    <span className={classes.brief}>
      {figures
        .filter(([, by]) => by)
        .map(([title, by]) => (
          <span key={title}>
            {title} <strong>{by}</strong>
          </span>
        ))}
    </span>
  );
}

const plus = (text: string) => (text.startsWith("-") ? text : `+${text}`);
