import { Table } from "@mantine/core";
import { count, DASH } from "../../format";
import { Tag } from "../../look/Tag";
import type { Bucket } from "./buckets";
import { isLate, type Silence } from "./freshness";
import classes from "./integrations.module.css";
import { occurring, outcomeLabel } from "./outcomes";

interface Props {
  buckets: readonly Bucket[];
  silences: readonly Silence[];
  allowed: number | null;
}

/** The charts' figures, the latest first; times in which nothing came are left out, unless it was overdue. */
export function ActivityTable({ buckets, silences, allowed }: Props) {
  const silent = new Map(silences.map((one) => [one.key, one]));
  const late = (one: Bucket) => {
    const silence = silent.get(one.key);
    return silence !== undefined && isLate(silence, allowed);
  };
  const rows = buckets.filter((one) => Object.keys(one.outcomes).length > 0 || late(one)).reverse();
  const outcomes = occurring(rows);
  if (rows.length === 0) return <p className={classes.nothing}>Nothing came in this time.</p>;
  return (
    <Table.ScrollContainer minWidth={300 + outcomes.length * 96} maxHeight={420} type="native">
      <Table stickyHeader verticalSpacing="xs" className={classes.figures}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>From</Table.Th>
            {outcomes.map((outcome) => (
              <Table.Th key={outcome}>{outcomeLabel(outcome)}</Table.Th>
            ))}
            <Table.Th>Silent for</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.key}>
              <Table.Td>{row.label}</Table.Td>
              {outcomes.map((outcome) => (
                <Table.Td key={outcome}>{count(row.outcomes[outcome] ?? 0)}</Table.Td>
              ))}
              <Table.Td>
                {late(row) && <Tag tone="bad">Overdue</Tag>} {silentSaid(silent.get(row.key))}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

const silentSaid = (one: Silence | undefined): string =>
  one?.hours === undefined || one.hours === null
    ? DASH
    : one.hours === 0
      ? "under 1 h"
      : `${one.hours} h`;
