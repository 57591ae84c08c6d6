import { Button, Group, Text } from "@mantine/core";
import { IconCheck, IconTrendingDown, IconTrendingUp } from "@tabler/icons-react";
import { useMay } from "../../api/session";
import type { Anomaly } from "../../api/types";
import { count, share } from "../../format";
import { Ago } from "../../look/Ago";
import { SaveCsv } from "../../look/SaveCsv";
import { Tag } from "../../look/Tag";
import { AnomalyChart } from "./AnomalyChart";
import { aboutOf, dimensionOf, useAcknowledge } from "./anomalies";
import classes from "./anomalies.module.css";
import { linesTable } from "./files";
import { SlotsTable } from "./SlotsTable";

/** One anomaly: what happened in a sentence, counted against expected, and whose share it is. */
export function AnomalyCard({ anomaly }: { anomaly: Anomaly }) {
  const Icon = anomaly.direction === "drop" ? IconTrendingDown : IconTrendingUp;
  return (
    <article className={classes.card} aria-label={aboutOf(anomaly)}>
      <Group gap="xs" className={classes.head}>
        <Icon size={18} stroke={1.8} aria-hidden />
        <strong>{aboutOf(anomaly)}</strong>
        <Standing anomaly={anomaly} />
        <Text size="xs" c="dimmed">
          found <Ago at={anomaly.found_at} />
        </Text>
      </Group>
      <p className={classes.said}>{anomaly.said}</p>
      <div className={classes.both}>
        <AnomalyChart anomaly={anomaly} />
        <Lines anomaly={anomaly} />
      </div>
      <SlotsTable anomaly={anomaly} />
      <Group gap="xs">
        <Seen anomaly={anomaly} />
        {anomaly.breakdown.length > 0 && (
          <SaveCsv
            whose={anomaly.promotion_id ?? anomaly.source ?? undefined}
            of={`${aboutOf(anomaly)} by group`.toLowerCase()}
            rows={() => linesTable(anomaly)}
          />
        )}
      </Group>
    </article>
  );
}

function Standing({ anomaly }: { anomaly: Anomaly }) {
  if (anomaly.ended_at) return <Tag tone="quiet">Over</Tag>;
  return <Tag tone={anomaly.acknowledged_at ? "warn" : "bad"}>Goes on</Tag>;
}

const SHOWN = 6;

function Lines({ anomaly }: { anomaly: Anomaly }) {
  const lines = [...anomaly.breakdown].sort((a, b) => b.share - a.share).slice(0, SHOWN);
  if (lines.length === 0) return null;
  return (
    <table className={classes.lines}>
      <thead>
        <tr>
          <th scope="col">Where</th>
          <th scope="col">Expected</th>
          <th scope="col">Counted</th>
          <th scope="col">Of the {anomaly.direction}</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((one) => (
          <tr
            key={`${one.dimension} ${one.word}`}
            data-blamed={isBlamed(anomaly, one) || undefined}
          >
            <th scope="row">
              {dimensionOf(one.dimension)} <span>{one.word || "none"}</span>
            </th>
            <td>{count(one.expected)}</td>
            <td>{count(one.actual)}</td>
            <td>{share(Math.round(one.share * 100) / 100)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const isBlamed = (
  { cause }: Anomaly,
  { dimension, word }: { dimension: string; word: string },
): boolean => cause.some((one) => one.dimension === dimension && one.words.includes(word));

function Seen({ anomaly }: { anomaly: Anomaly }) {
  const may = useMay("promotions:write");
  const { mutate, isPending } = useAcknowledge();
  if (anomaly.acknowledged_by)
    return (
      <Text size="xs" c="dimmed">
        Seen by {anomaly.acknowledged_by}
        {anomaly.note && `: ${anomaly.note}`}
      </Text>
    );
  if (!may) return null;
  return (
    <Button
      variant="default"
      size="xs"
      leftSection={<IconCheck size={14} aria-hidden />}
      loading={isPending}
      onClick={() => mutate({ anomaly, note: "" })}
    >
      I have seen it
    </Button>
  );
}
