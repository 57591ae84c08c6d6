import { Button, Group, Skeleton, Stack } from "@mantine/core";
import { useState } from "react";
import { useMay, useSession } from "../../../api/session";
import type { VersionLine, Versions } from "../../../api/types";
import { actor, count, DASH, interval, moment, share, titled } from "../../../format";
import { Failure } from "../../../look/Failure";
import { SaveCsv } from "../../../look/SaveCsv";
import { Section } from "../../../look/Section";
import { Tag, type Tone } from "../../../look/Tag";
import { useVersions } from "../asked";
import classes from "../decisioning.module.css";
import { estimated } from "../words";
import { versionsTable } from "./file";
import { NewVersion } from "./NewVersion";
import { RunVersion } from "./RunVersion";

/** Versions of the policy: what runs, what might, what ran before, and what was done about them. */
export function VersionsTab() {
  const { data, error, refetch } = useVersions();
  const [isMaking, setMaking] = useState(false);
  const mayChange = useMay("promotions:write");
  if (error && !data) return <Failure error={error} again={refetch} />;
  return (
    <Stack gap="md">
      <Section
        title="Versions"
        about="A version is what is aimed at and how much is tried. A new one is promoted when it is shown to bring more than the one that runs, or by hand."
        aside={
          <Group gap="xs">
            {data && <SaveCsv of="policy versions" rows={() => versionsTable(data.versions)} />}
            {mayChange && <Button onClick={() => setMaking(true)}>New version</Button>}
          </Group>
        }
        isFlush
      >
        {data ? <Table versions={data.versions} /> : <Skeleton height={160} m="md" />}
      </Section>
      {data && data.apprentice.decisions > 0 && <Apprentice match={data.apprentice} />}
      {data && <History events={data.history} />}
      {isMaking && <NewVersion close={() => setMaking(false)} />}
    </Stack>
  );
}

const STATES: Record<string, Tone> = { running: "good", candidate: "accent", retired: "quiet" };
const ORIGINS: Record<string, string> = {
  first: "The first",
  settings: "Other settings",
  refit: "Learned anew",
};

function Table({ versions }: { versions: VersionLine[] }) {
  const { workspace } = useSession();
  const mayChange = useMay("promotions:write");
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={classes.scroll} aria-label="Versions" tabIndex={0}>
      <table className={classes.table} data-flush>
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">What it is</th>
            <th scope="col">Against the running one</th>
            <th scope="col">Since</th>
            {mayChange && (
              <th scope="col">
                <span className="only-read-aloud">Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {versions.map((one) => (
            <tr key={one.version}>
              <th scope="row">
                {one.version} <Tag tone={STATES[one.state] ?? "quiet"}>{titled(one.state)}</Tag>
                <small>{ORIGINS[one.origin] ?? one.origin}</small>
              </th>
              <td>
                {settingsSaid(one)}
                {one.note && <small> {one.note}</small>}
              </td>
              <td>
                {one.shown ? (
                  one.shown.estimate ? (
                    `${estimated(one.shown.estimate, workspace.currency)} per decision`
                  ) : (
                    <small>{one.shown.support.words}</small>
                  )
                ) : (
                  DASH
                )}
              </td>
              <td>{since(one, workspace.time_zone)}</td>
              {mayChange && (
                <td className={classes.number}>
                  {one.state !== "running" && <RunVersion version={one} />}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function since(one: VersionLine, zone: string): string {
  const at = one.promoted_at ?? one.created_at;
  return at.startsWith("1970-") ? "The beginning" : moment(at, zone);
}

function settingsSaid({ settings }: VersionLine): string {
  const { objective, gamma, floor } = settings;
  return [
    objective === "redemption" ? "Aims at redemptions" : "Aims at net value",
    gamma !== undefined && `gamma ${gamma}`,
    floor !== undefined && `${share(floor)} at random`,
  ]
    .filter(Boolean)
    .join(", ");
}

function Apprentice({ match }: { match: Versions["apprentice"] }) {
  return (
    <Section title="Apprentice">
      <p className={classes.quiet}>
        It would have chosen what was done in {count(match.matched)} of {count(match.decisions)}{" "}
        decisions
        {match.rate !== null &&
          ` (${share(match.rate)}${match.interval ? `, ${interval(match.interval)}` : ""})`}
        .
      </p>
    </Section>
  );
}

const ACTIONS: Record<string, string> = {
  created: "made",
  promoted: "promoted",
  rolled_back: "gone back to",
  settings: "settings changed",
};

function History({ events }: { events: Versions["history"] }) {
  const { workspace } = useSession();
  return (
    <Section title="What was done" about={events.length === 0 && "Nothing was changed yet."}>
      {events.length > 0 && (
        <ol className={classes.steps}>
          {events.map((one) => (
            <li key={`${one.at} ${one.version} ${one.action}`}>
              <time dateTime={one.at}>{moment(one.at, workspace.time_zone)}</time>
              <span>
                <b>
                  Version {one.version}: {ACTIONS[one.action] ?? one.action}
                  {one.forced && " by hand, without a shown gain"}
                </b>
                <small>
                  {[one.by && actor(one.by), one.note?.replaceAll("_", " ")]
                    .filter(Boolean)
                    .join(": ")}
                </small>
              </span>
            </li>
          ))}
        </ol>
      )}
    </Section>
  );
}
