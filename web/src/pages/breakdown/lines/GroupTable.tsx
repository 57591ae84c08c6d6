import { IconTableOff } from "@tabler/icons-react";
import { useCallback } from "react";
import type { Breakdown, Line, Promotion } from "../../../api/types";
import { Empty } from "../../../look/Empty";
import { useAddress } from "../address";
import { SaveTable } from "../SaveTable";
import { label, rewardText } from "../words";
import { audiences } from "./audiences";
import { BY_OUTCOME, type Column, RATED, UNRATED } from "./columns";
import { DIMENSIONS, type Dimension } from "./dimensions";
import { ExportMenu } from "./ExportMenu";
import { LinesTable } from "./LinesTable";
import classes from "./lines.module.css";

interface Props {
  promotion: Promotion;
  breakdown: Breakdown;
}

/** A breakdown by something other than time, as a table. */
export function GroupTable({ promotion, breakdown }: Props) {
  const { by, rows, total } = breakdown;
  const { promotion_id: id, tiers, reward } = promotion;
  const { get, set } = useAddress();
  const { name: heading, about } = DIMENSIONS[by as Dimension];
  const name = useCallback((line: Line) => label(by, line.key, tiers), [by, tiers]);
  const more = useCallback(
    ({ key }: Line) => {
      const tier = by === "tier" && tiers.find((one) => one.tier_id === key);
      return tier ? rewardText(tier.reward_value, reward) : null;
    },
    [by, tiers, reward],
  );
  const menu = useCallback(
    (line: Line) => (
      <ExportMenu promotionId={id} name={name(line)} {...audiences(by, "assigned", line)} />
    ),
    [id, by, name],
  );
  if (rows.length === 0)
    return (
      <Empty
        icon={IconTableOff}
        title="Nothing to break down yet"
        why="Rows appear as soon as assignments or redemptions are reported."
      />
    );
  const isPaged = by === "code";
  return (
    <>
      <LinesTable
        caption={`${promotion.name} by ${heading.toLowerCase()}`}
        heading={heading}
        lines={rows}
        total={total}
        columns={columnsOf(breakdown)}
        name={name}
        more={more}
        order={isPaged ? null : get("order")}
        onOrder={isPaged ? undefined : (order) => set({ order })}
        menu={menu}
      />
      <footer className={classes.below}>
        <p>{[about, unnamed(by, rows)].filter(Boolean).join(" ")}</p>
        <SaveTable promotionId={id} breakdown={breakdown} name={name} />
      </footer>
    </>
  );
}

function columnsOf({ by, rows, total }: Breakdown): readonly Column[] {
  if (by === "outcome") return BY_OUTCOME;
  const isEveryCodePersonal = by === "code" && !rows.some((line) => line.enough);
  return total.rate === null || isEveryCodePersonal ? UNRATED : RATED;
}

/** What the row without a key holds, where it holds redemptions only. */
function unnamed(by: string, rows: readonly Line[]): string | null {
  const line = rows.find(({ key, assigned }) => key === null && assigned === 0);
  if (!line || by === "code") return null;
  return `“${label(by, null)}” holds redemptions that no assignment stands behind: excess, unassigned and flagged ones.`;
}
