import { Skeleton, Text } from "@mantine/core";
import { CsvLink } from "../../look/CsvLink";
import { Failure } from "../../look/Failure";
import { Section } from "../../look/Section";
import { Snippet } from "../../look/Snippet";
import { ReconciliationTable } from "./ReconciliationTable";
import { useReconciliations } from "./sources";

/** What a source said it reported, day by day, and whether it was taken so. */
export function ReconciliationSection({ source }: { source: string }) {
  const { data, error, refetch } = useReconciliations(source);
  const isEmpty = data?.length === 0;
  return (
    <Section
      title="Reconciliation"
      about={
        isEmpty
          ? `Nobody has compared yet whether all that ${source} reported was taken.`
          : `What ${source} said it had reported, and what was found when it said so. The latest first.`
      }
      isFlush={!!data && !isEmpty}
      aside={
        data &&
        !isEmpty && (
          <CsvLink
            path={`/v1/sources/${encodeURIComponent(source)}/reconciliations`}
            of="reconciliations"
          />
        )
      }
    >
      {error && <Failure error={error} again={refetch} />}
      {!error && !data && <Skeleton height={120} />}
      {isEmpty && <Beginning source={source} />}
      {data && !isEmpty && <ReconciliationTable items={data} />}
    </Section>
  );
}

/** How to begin: one command at night. */
function Beginning({ source }: { source: string }) {
  const quoted = `'${source.replaceAll("'", "'\\''")}'`;
  const code = [
    "# after midnight, with the events of the day that has ended",
    "PROMOSIGHT_KEY=YOUR_KEY promosight reconcile events.csv \\",
    `  --source ${quoted} --day YYYY-MM-DD --url ${window.location.origin}`,
  ].join("\n");
  return (
    <>
      <Text size="sm" mb="sm" maw={720}>
        Let it say each night how many redemptions it reported, for how much, with a hash of them.
        If both sides agree, a receipt is kept here. If not, the difference is found down to the
        single event: never received, changed, or refused, and why.
      </Text>
      <Snippet label="Reconcile a day" code={code} />
    </>
  );
}
