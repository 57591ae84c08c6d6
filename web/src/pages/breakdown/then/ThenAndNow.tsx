import { useCallback, useMemo } from "react";
import type { Breakdown, Promotion } from "../../../api/types";
import { SaveCsv } from "../../../look/SaveCsv";
import { CodePager } from "../lines/CodePager";
import lines from "../lines/lines.module.css";
import { label } from "../words";
import { tableOf } from "./file";
import { isMoved, isSaying, measures, type Pairs, paired } from "./pairs";
import { ThenTable } from "./ThenTable";
import { Verdict } from "./Verdict";
import { Why } from "./Why";

export interface Shown {
  promotion: Promotion;
  now: Breakdown;
  caption: string;
  heading: string;
  order: string | null;
  onOrder: (order: string | null) => void;
  isTall?: boolean;
  /** Whether it is said why the total moved. */
  hasReasons?: boolean;
}

interface Props extends Shown {
  asOf: string;
  /** Undefined while it is being counted. */
  then: Breakdown | undefined;
}

/** What was known at a moment beside what is known now, and why it moved. */
export function ThenAndNow(props: Props) {
  const { promotion, asOf, now, then, order, onOrder } = props;
  const { promotion_id: id, tiers } = promotion;
  const { by, date } = now;
  const pairs = useMemo(() => (then ? paired(then, now) : alone(now)), [then, now]);
  const compared = useMemo(() => measures(now, then), [now, then]);
  const told = useMemo(
    () => ({ ...pairs, rows: pairs.rows.filter(isSaying(by, compared)) }),
    [by, pairs, compared],
  );
  const name = useCallback((key: string | null) => label(by, key, tiers), [by, tiers]);
  const dated = compared.includes("assigned") ? by : `${by} ${date}`;
  return (
    <>
      {then && <Verdict asOf={asOf} total={pairs.total} isMoved={isMoved(pairs, compared)} />}
      {then && props.hasReasons && <Why promotionId={id} asOf={asOf} />}
      <ThenTable
        caption={props.caption}
        heading={props.heading}
        pairs={told}
        measures={compared}
        name={name}
        order={by === "code" ? null : order}
        onOrder={by === "code" ? undefined : onOrder}
        isWaiting={!then}
        isTall={props.isTall}
      />
      {by === "code" && <CodePager next={pairs.next} />}
      <footer className={lines.below}>
        <p>What was known then stays as it is; what is known now moves as reports come in.</p>
        <SaveCsv
          whose={id}
          of={`by ${dated} known ${asOf}`}
          disabled={!then}
          rows={() => tableOf(by, asOf, pairs, name)}
        />
      </footer>
    </>
  );
}

/** What is known now, while it is counted what was known then. */
const alone = ({ rows, total, next }: Breakdown): Pairs => ({
  total: { key: null, known: null, now: total },
  rows: rows.map((line) => ({ key: line.key, known: null, now: line })),
  next,
});
