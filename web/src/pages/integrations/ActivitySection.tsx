import { SegmentedControl, Skeleton } from "@mantine/core";
import { useMemo } from "react";
import { useSearchParams } from "react-router";
import { useSession } from "../../api/session";
import type { Activity, Source } from "../../api/types";
import { CsvLink } from "../../look/CsvLink";
import { Failure } from "../../look/Failure";
import { SaveCsv } from "../../look/SaveCsv";
import { Section } from "../../look/Section";
import { ActivityChart } from "./ActivityChart";
import { ActivityTable } from "./ActivityTable";
import { buckets } from "./buckets";
import { FreshnessChart } from "./FreshnessChart";
import { allowedHours, freshnessTable, lateSaid, silences } from "./freshness";
import classes from "./integrations.module.css";
import { Legend } from "./Legend";
import { useActivity, useHeard } from "./sources";

const HEIGHT = 280;
const LOW = 130;

/** What a source sent over time, by what became of it, and how long it was silent. */
export function ActivitySection({ source }: { source: Source }) {
  const [query, setQuery] = useSearchParams();
  const by: Activity["by"] = query.get("by") === "day" ? "day" : "hour";
  const isTable = query.get("view") === "table";
  const set = (name: string, value: string) =>
    setQuery(
      (old) => {
        old.set(name, value);
        return old;
      },
      { replace: true },
    );
  return (
    <Section
      title="What it sent"
      about="Every event and assignment by its outcome, at the time it was received; and for how long nothing had come, by whole hours."
      aside={
        <div className={classes.controls}>
          <CsvLink
            path={`/v1/sources/${encodeURIComponent(source.name)}/activity`}
            query={{ by }}
            of="activity"
          />
          <SegmentedControl
            size="xs"
            aria-label="Period"
            value={by}
            onChange={(value) => set("by", value)}
            data={[
              { value: "hour", label: "48 hours" },
              { value: "day", label: "30 days" },
            ]}
          />
          <SegmentedControl
            size="xs"
            aria-label="View"
            value={isTable ? "table" : "chart"}
            onChange={(value) => set("view", value)}
            data={[
              { value: "chart", label: "Chart" },
              { value: "table", label: "Table" },
            ]}
          />
        </div>
      }
      isFlush={isTable}
    >
      <Shown source={source} by={by} isTable={isTable} />
    </Section>
  );
}

interface ShownProps {
  source: Source;
  by: Activity["by"];
  isTable: boolean;
}

function Shown({ source, by, isTable }: ShownProps) {
  const { workspace } = useSession();
  const { data, error, refetch, dataUpdatedAt } = useActivity(source.name, by);
  const heard = useHeard(source.name, by);
  const shown = useMemo(
    () => (data ? buckets(data, workspace.time_zone, dataUpdatedAt) : []),
    [data, workspace.time_zone, dataUpdatedAt],
  );
  const fresh = useMemo(
    () => silences(shown, heard.data?.items ?? [], source, by, dataUpdatedAt),
    [shown, heard.data, source, by, dataUpdatedAt],
  );
  const failed = error ?? heard.error;
  if (failed) return <Failure error={failed} again={error ? refetch : heard.refetch} />;
  if (!data || !heard.data) return <Skeleton height={HEIGHT + LOW} />;
  const allowed = allowedHours(source);
  if (isTable) return <ActivityTable buckets={shown} silences={fresh} allowed={allowed} />;
  const isEmpty = data.items.length === 0;
  return (
    <>
      <div className={classes.chart}>
        <div>
          <ActivityChart
            buckets={shown}
            title={`What ${source.name} sent, by outcome`}
            height={HEIGHT}
          />
          {isEmpty && <p className={classes.small}>Nothing came in this time.</p>}
        </div>
        {!isEmpty && <Legend items={data.items} />}
      </div>
      <h3 className={classes.heading}>How fresh it was</h3>
      <div className={classes.chart}>
        <FreshnessChart
          silences={fresh}
          allowed={allowed}
          title={`For how long ${source.name} had been silent`}
          height={LOW}
        />
        <div className={classes.fresh}>
          <p>{lateSaid(fresh, allowed, by)}</p>
          <SaveCsv
            of="freshness"
            whose={source.name}
            rows={() => freshnessTable(fresh, allowed, by)}
          />
        </div>
      </div>
    </>
  );
}
