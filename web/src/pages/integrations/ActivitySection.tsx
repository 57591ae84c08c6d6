import { SegmentedControl, Skeleton } from "@mantine/core";
import { useMemo } from "react";
import { useSearchParams } from "react-router";
import { useSession } from "../../api/session";
import type { Activity } from "../../api/types";
import { CsvLink } from "../../look/CsvLink";
import { Failure } from "../../look/Failure";
import { Section } from "../../look/Section";
import { ActivityChart } from "./ActivityChart";
import { ActivityTable } from "./ActivityTable";
import { buckets } from "./buckets";
import classes from "./integrations.module.css";
import { Legend } from "./Legend";
import { useActivity } from "./sources";

const HEIGHT = 280;

/** What a source sent over time, by what became of it. */
export function ActivitySection({ source }: { source: string }) {
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
      about="Every event and assignment by its outcome, at the time it was received."
      aside={
        <div className={classes.controls}>
          <CsvLink
            path={`/v1/sources/${encodeURIComponent(source)}/activity`}
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

function Shown({ source, by, isTable }: { source: string; by: Activity["by"]; isTable: boolean }) {
  const { workspace } = useSession();
  const { data, error, refetch, dataUpdatedAt } = useActivity(source, by);
  const shown = useMemo(
    () => (data ? buckets(data, workspace.time_zone, dataUpdatedAt) : []),
    [data, workspace.time_zone, dataUpdatedAt],
  );
  if (error) return <Failure error={error} again={refetch} />;
  if (!data) return <Skeleton height={HEIGHT} />;
  if (isTable) return <ActivityTable buckets={shown} />;
  const isEmpty = data.items.length === 0;
  return (
    <div className={classes.chart}>
      <div>
        <ActivityChart buckets={shown} title={`What ${source} sent, by outcome`} height={HEIGHT} />
        {isEmpty && <p className={classes.small}>Nothing came in this time.</p>}
      </div>
      {!isEmpty && <Legend items={data.items} />}
    </div>
  );
}
