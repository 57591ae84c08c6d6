import { Button, Skeleton } from "@mantine/core";
import { IconTableExport } from "@tabler/icons-react";
import { promotionPath, url } from "../../../api/client";
import type { Promotion } from "../../../api/types";
import { fileName } from "../../../look/csv";
import { Failure } from "../../../look/Failure";
import { Section } from "../Section";
import { useRestatements } from "./log";
import { RestatementsTable } from "./RestatementsTable";
import classes from "./restatements.module.css";

/** What moved figures after they had been told, and why. */
export function RestatementsSection({ promotion: { promotion_id: id } }: { promotion: Promotion }) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } =
    useRestatements(id);
  const entries = data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <Section
      id="restatements"
      title="Restatements"
      about="What moved figures of days that had ended, or of facts counted before, and why. The newest first."
      tools={entries.length > 0 && <Export id={id} />}
    >
      {error && !data && <Failure error={error} again={refetch} />}
      {!error && !data && <Skeleton height={120} radius="md" />}
      {data && entries.length === 0 && (
        <p className={classes.none}>
          Nothing was restated: every figure of a day that has ended is as it was first told.
        </p>
      )}
      {entries.length > 0 && <RestatementsTable entries={entries} />}
      {hasNextPage && (
        <Button
          variant="default"
          size="xs"
          mt="sm"
          loading={isFetchingNextPage}
          onClick={() => fetchNextPage()}
        >
          Show earlier ones
        </Button>
      )}
    </Section>
  );
}

function Export({ id }: { id: string }) {
  return (
    <Button
      component="a"
      href={url(promotionPath(id, "restatements"), { format: "csv" })}
      download={fileName(id, "restatements")}
      variant="default"
      size="xs"
      leftSection={<IconTableExport size={15} aria-hidden />}
    >
      Save as CSV
    </Button>
  );
}
