import { Anchor, Table } from "@mantine/core";
import { useSession } from "../../api/session";
import type { Reconciliation } from "../../api/types";
import { amounts, count, counted, DASH, day, moment, money } from "../../format";
import { Ago } from "../../look/Ago";
import { Tag } from "../../look/Tag";
import classes from "./integrations.module.css";

/** Receipts as a table: the day, what was said and found, and the events in which both differ. */
export function ReconciliationTable({ items }: { items: readonly Reconciliation[] }) {
  return (
    <Table.ScrollContainer minWidth={720} maxHeight={420} type="native">
      <Table stickyHeader verticalSpacing="xs" className={classes.receipts}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Day</Table.Th>
            <Table.Th>Outcome</Table.Th>
            <Table.Th>Said</Table.Th>
            <Table.Th>Found</Table.Th>
            <Table.Th>Difference</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map((one) => (
            <Receipt key={one.reconciliation_id} one={one} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Receipt({ one }: { one: Reconciliation }) {
  const { workspace } = useSession();
  const waiting = one.found.outcomes.pending ?? 0;
  return (
    <Table.Tr>
      <Table.Td>
        {one.day ? day(one.day) : moment(one.from, workspace.time_zone)}
        {!one.day && (
          <span className={classes.beside}>to {moment(one.until, workspace.time_zone)}</span>
        )}
        <span className={classes.beside}>
          said <Ago at={one.made_at} />
        </span>
      </Table.Td>
      <Table.Td>
        {one.outcome === "equal" ? <Tag tone="good">Equal</Tag> : <Tag tone="bad">Different</Tag>}
      </Table.Td>
      <Table.Td>
        <Side side={one.said} asked={one.said} />
      </Table.Td>
      <Table.Td>
        <Side side={one.found} asked={one.said} />
        {waiting > 0 && <span className={classes.beside}>{count(waiting)} of them wait</span>}
      </Table.Td>
      <Table.Td>
        <Difference one={one} />
      </Table.Td>
    </Table.Tr>
  );
}

type Side = Reconciliation["said"];

/** What one side says, of what was asked; a hash that agrees says nothing to people. */
function Side({ side, asked }: { side: Side; asked: Side }) {
  const { workspace } = useSession();
  const sums = (["order_value", "reward_value"] as const).flatMap((name) =>
    asked[name] ? amounts(side[name] ?? {}, workspace.currency) : [],
  );
  const numbers = [
    asked.redemptions !== null && counted(side.redemptions ?? 0, "redemption"),
    asked.reversals !== null && counted(side.reversals ?? 0, "reversal"),
  ].filter(Boolean);
  return (
    <>
      {numbers.join(", ") || "A hash"}
      {sums.map(([currency, amount]) => (
        <span key={`${currency} ${amount}`} className={classes.beside}>
          {money(amount, currency)}
        </span>
      ))}
    </>
  );
}

const STATES: Record<string, string> = {
  missing_here: "never received",
  missing_there: "not told by it",
  differs: "changed",
  rejected: "refused",
};

/** In how many events both differ, and all of them as a file. */
function Difference({ one }: { one: Reconciliation }) {
  if (one.outcome === "equal") return <>{DASH}</>;
  const said = Object.entries(STATES).flatMap(([state, label]) => {
    const number = one.differences[state];
    return number ? [`${count(number)} ${label}`] : [];
  });
  if (!one.narrowed_at) return <span className={classes.small}>Not narrowed down yet</span>;
  if (said.length === 0) return <span className={classes.small}>No event differs by now</span>;
  const base = `/v1/sources/${encodeURIComponent(one.source)}/reconciliations`;
  const address = `${base}/${encodeURIComponent(one.reconciliation_id)}/differences?format=csv`;
  return (
    <>
      {said.join(", ")}
      <span className={classes.beside}>
        <Anchor href={address} download={`${one.source}-${one.day ?? "time"}.csv`} size="sm">
          CSV<span className="only-read-aloud"> of the difference on {one.day ?? one.from}</span>
        </Anchor>
      </span>
    </>
  );
}
