import { Anchor, Progress, Text } from "@mantine/core";
import type { Import } from "../../api/types";
import { count, counted, sentence } from "../../format";
import { Ago } from "../../look/Ago";
import { OutcomeTag, outcomesInOrder, Tag, type Tone } from "../../look/Tag";
import classes from "./batches.module.css";
import { isUnderWay } from "./imports";

const STATES: Record<string, [word: string, tone: Tone]> = {
  waiting: ["Waiting", "quiet"],
  running: ["Running", "accent"],
  done: ["Done", "good"],
  failed: ["Failed", "bad"],
  abandoned: ["Given up", "bad"],
};

/** One file: how far it is, and what became of its rows. */
export function ImportLine({ one }: { one: Import }) {
  const [word, tone] = STATES[one.state] ?? [one.state, "quiet"];
  return (
    <li className={classes.line}>
      <div className={classes.head}>
        <div className={classes.name}>
          <strong>{one.name}</strong>
          <Text size="sm" c="dimmed">
            {one.kind} from {one.source}, <Ago at={one.received_at} />
            {one.resumed > 0 && `, resumed ${counted(one.resumed, "time")}`}
          </Text>
        </div>
        <Tag tone={tone}>{word}</Tag>
      </div>
      {isUnderWay(one) && <Advance one={one} />}
      {one.state === "failed" && one.detail && <Text size="sm">{sentence(one.detail)}</Text>}
      <div className={classes.outcomes}>
        <span>
          <b>{count(one.rows_read)}</b> {one.rows_read === 1 ? "row" : "rows"}
        </span>
        {outcomesInOrder(one.outcomes).map(([outcome, n]) => (
          <span key={outcome} title={reasons(one, outcome)}>
            <OutcomeTag outcome={outcome} /> {count(n)}
            {outcome === "duplicate" && one.taken_earlier > 0 && (
              <> ({count(one.taken_earlier)} of them taken before it was stopped)</>
            )}
          </span>
        ))}
        {one.problems > 0 && (
          <Anchor
            href={`/v1/imports/${encodeURIComponent(one.import_id)}/problems`}
            download={`${one.import_id}-problems.csv`}
            size="sm"
          >
            Download {counted(one.problems, "problem row")}
          </Anchor>
        )}
      </div>
    </li>
  );
}

function Advance({ one }: { one: Import }) {
  const part = one.bytes_total ? one.bytes_read / one.bytes_total : null;
  const said = [
    part !== null && `${Math.floor(part * 100)}%`,
    one.rate && `${counted(one.rate, "row")} a second`,
    one.eta_seconds !== null && `about ${lasting(one.eta_seconds)} left`,
  ].filter(Boolean);
  return (
    <div>
      <Progress
        value={part === null ? 100 : part * 100}
        striped={part === null}
        animated
        aria-label={`How far ${one.name} is`}
      />
      <Text size="sm" c="dimmed" mt={4}>
        {one.state === "waiting" ? "Waits for its turn" : said.join(", ")}
      </Text>
    </div>
  );
}

const lasting = (seconds: number) =>
  seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;

const reasons = (one: Import, outcome: string) =>
  Object.entries(one.reasons[outcome] ?? {})
    .map(([reason, n]) => `${count(n)} ${reason.replaceAll("_", " ")}`)
    .join(", ");
