import { Button, Group, Skeleton, Text } from "@mantine/core";
import { IconDownload, IconHistory } from "@tabler/icons-react";
import { url } from "../../api/client";
import { useMay } from "../../api/session";
import type { AuditEntry } from "../../api/types";
import { actor } from "../../format";
import { Ago } from "../../look/Ago";
import { Empty } from "../../look/Empty";
import { Failure } from "../../look/Failure";
import { Section } from "../../look/Section";
import { AUDIT_PATH, actionOf, type FieldChange, fieldChanges, useAudit } from "./audit";
import { ClosedTab } from "./ClosedTab";
import own from "./settings.module.css";

/** Who changed what, before and after. Administrators only. */
export function AuditTab() {
  const mayRead = useMay("admin");
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } =
    useAudit(mayRead);
  if (!mayRead)
    return (
      <ClosedTab
        title="Administrators read the audit log"
        why="It says who changed what, and what it was before."
      />
    );
  const entries = data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section
      title="Audit log"
      about="Every change of what is set up, the newest first. Nobody can change or shorten it."
      isFlush
      aside={
        <Button
          component="a"
          href={url(AUDIT_PATH, { format: "csv" })}
          download="audit.csv"
          variant="default"
          size="xs"
          leftSection={<IconDownload size={14} />}
        >
          Export CSV
        </Button>
      }
    >
      {error && <Failure error={error} again={refetch} />}
      {!data && !error && <Skeleton height={160} m="md" />}
      {data && entries.length === 0 && (
        <Empty
          icon={IconHistory}
          title="Nothing was changed yet"
          why="Changes of promotions, sources, keys, users and settings will be listed here."
        />
      )}
      <ol className={own.entries}>
        {entries.map((entry) => (
          <Entry key={entry.audit_id} entry={entry} />
        ))}
      </ol>
      {hasNextPage && (
        <Group justify="center" p="md">
          <Button variant="default" loading={isFetchingNextPage} onClick={() => fetchNextPage()}>
            Show more
          </Button>
        </Group>
      )}
    </Section>
  );
}

function Entry({ entry }: { entry: AuditEntry }) {
  return (
    <li className={own.entry}>
      <div>
        <Text size="sm" className={own.word}>
          <strong>{actionOf(entry)}</strong> {entry.target}
        </Text>
        <Text size="xs" c="dimmed" className={own.word}>
          <Ago at={entry.changed_at} /> by {actor(entry.actor)}
          {entry.address && ` from ${entry.address}`}
        </Text>
      </div>
      <div>
        <Changes of={fieldChanges(entry)} />
      </div>
    </li>
  );
}

/** As many fields as one can look over; the others are a click away. */
const FEW = 3;

function Changes({ of: all }: { of: readonly FieldChange[] }) {
  const more = all.slice(FEW);
  return (
    <>
      {all.slice(0, FEW).map((one) => (
        <Line key={one.field} change={one} />
      ))}
      {more.length > 0 && (
        <details>
          <summary>{more.length} more</summary>
          {more.map((one) => (
            <Line key={one.field} change={one} />
          ))}
        </details>
      )}
    </>
  );
}

function Line({ change: { field, before, after } }: { change: FieldChange }) {
  return (
    <div className={own.word}>
      <span className={own.field}>{field}</span> {before && <del>{before}</del>}{" "}
      {after && <ins>{after}</ins>}
    </div>
  );
}
