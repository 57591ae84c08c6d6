import { Table } from "@mantine/core";
import { count } from "../../format";
import type { Bucket } from "./buckets";
import classes from "./integrations.module.css";
import { occurring, outcomeLabel } from "./outcomes";

/** The chart's figures, the latest first; hours and days in which nothing came are left out. */
export function ActivityTable({ buckets }: { buckets: readonly Bucket[] }) {
  const rows = buckets.filter((one) => Object.keys(one.outcomes).length > 0).reverse();
  const outcomes = occurring(rows);
  if (rows.length === 0) return <p className={classes.nothing}>Nothing came in this time.</p>;
  return (
    <Table.ScrollContainer minWidth={160 + outcomes.length * 96} maxHeight={420} type="native">
      <Table stickyHeader verticalSpacing="xs" className={classes.figures}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>From</Table.Th>
            {outcomes.map((outcome) => (
              <Table.Th key={outcome}>{outcomeLabel(outcome)}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.key}>
              <Table.Td>{row.label}</Table.Td>
              {outcomes.map((outcome) => (
                <Table.Td key={outcome}>{count(row.outcomes[outcome] ?? 0)}</Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
