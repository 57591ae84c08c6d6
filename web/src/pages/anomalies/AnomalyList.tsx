import { Button, Group, Skeleton, Stack } from "@mantine/core";
import { useMemo } from "react";
import { CsvLink } from "../../look/CsvLink";
import { Failure } from "../../look/Failure";
import { AnomaliesOverTime } from "./AnomaliesOverTime";
import { AnomalyCard } from "./AnomalyCard";
import { type Sought, useAnomalies } from "./anomalies";
import classes from "./anomalies.module.css";
import { BandLegend } from "./BandLegend";

interface Props {
  sought: Sought;
  /** What is said where nothing was found. */
  nothing: string;
}

/** The anomalies of a promotion or a source. */
export function AnomalyList({ sought, nothing }: Props) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } =
    useAnomalies(sought);
  const items = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  if (error && !data) return <Failure error={error} again={refetch} />;
  if (!data) return <Skeleton height={120} radius="md" />;
  if (items.length === 0) return <p className={classes.none}>{nothing}</p>;
  return (
    <Stack gap="md">
      {items.length > 1 ? <AnomaliesOverTime anomalies={items} /> : <BandLegend />}
      {items.map((one) => (
        <AnomalyCard key={one.anomaly_id} anomaly={one} />
      ))}
      <Group gap="xs">
        <CsvLink path="/v1/anomalies" query={{ ...sought }} of="anomalies" />
        {hasNextPage && (
          <Button
            variant="default"
            size="xs"
            loading={isFetchingNextPage}
            onClick={() => fetchNextPage()}
          >
            Show earlier ones
          </Button>
        )}
      </Group>
    </Stack>
  );
}
