import { Button, Group, Menu, Skeleton } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { Link } from "react-router";
import { url } from "../../api/client";
import type { Decisioning } from "../../api/types";
import { share } from "../../format";
import { Ago } from "../../look/Ago";
import { Failure } from "../../look/Failure";
import { FindById } from "../../look/FindById";
import { Section } from "../../look/Section";
import { Tag } from "../../look/Tag";
import { decisionAddress } from "./addresses";
import classes from "./decisioning.module.css";
import { type LoggedDecision, useLatest } from "./latest";
import { CHOSEN_BY, offerName } from "./words";

/** Decisions one by one: found by id, the latest ones, and the whole log for other tools. */
export function DecisionsTab({ decisioning }: { decisioning: Decisioning }) {
  const last = decisioning.modes.flatMap((one) => one.last_at ?? []).sort();
  const { data, error, refetch } = useLatest(last[last.length - 1]);
  return (
    <Section
      title="Latest decisions"
      about="Open one to see why it was made, what else there was, and what came of it."
      aside={
        <Group gap="xs" align="flex-start">
          <FindById label="Decision id" address={decisionAddress} />
          <ExportLog />
        </Group>
      }
      isFlush
    >
      {error && !data && <Failure error={error} again={refetch} />}
      {!data && !error && <Skeleton height={320} m="md" />}
      {data && <Table decisions={data} />}
    </Section>
  );
}

const FORMS = [
  { format: "csv", label: "CSV, a line for each decision" },
  { format: "ndjson", label: "NDJSON, with context and every candidate" },
  { format: "dsjson", label: "Vowpal Wabbit (dsjson)" },
];

function ExportLog() {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} aria-hidden />}>
          Export log
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {FORMS.map(({ format, label }) => (
          <Menu.Item
            key={format}
            component="a"
            href={url("/v1/decisioning/log", { format })}
            download={`decisions.${format === "csv" ? "csv" : "ndjson"}`}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Table({ decisions }: { decisions: LoggedDecision[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={classes.scroll} aria-label="Latest decisions" tabIndex={0}>
      <table className={classes.table} data-flush>
        <thead>
          <tr>
            <th scope="col">Decision</th>
            <th scope="col">Customer</th>
            <th scope="col">Choice</th>
            <th scope="col" className={classes.number}>
              Redeems with
            </th>
            <th scope="col" className={classes.number}>
              Drawn with
            </th>
            <th scope="col">Outcome</th>
            <th scope="col" className={classes.number}>
              When
            </th>
          </tr>
        </thead>
        <tbody>
          {decisions.map((one) => (
            <Line key={one.decision_id} one={one} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Line({ one }: { one: LoggedDecision }) {
  return (
    <tr>
      <th scope="row">
        <Link to={decisionAddress(one.decision_id)}>{one.decision_id}</Link>
      </th>
      <td>
        <Link to={`/customers/${encodeURIComponent(one.customer_id)}`}>{one.customer_id}</Link>
      </td>
      <td>
        {offerName(one.promotion_id, one.tier_id)}
        {one.mode !== "policy" && <small> {CHOSEN_BY[one.mode] ?? one.mode}</small>}
      </td>
      <td className={classes.number}>
        {one.probability === null ? "\u2013" : share(one.probability)}
      </td>
      <td className={classes.number}>
        {share(one.propensity)} {one.explored && <small>to learn</small>}
      </td>
      <td>
        {one.redeemed ? (
          <Tag tone="good">Redeemed</Tag>
        ) : one.promotion_id ? (
          <Tag tone="quiet">Open</Tag>
        ) : (
          <span className={classes.quiet}>None</span>
        )}
      </td>
      <td className={classes.number}>
        <Ago at={one.decided_at} />
      </td>
    </tr>
  );
}
