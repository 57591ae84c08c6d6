import { Button, Code, CopyButton, Drawer, Group, Stack, Text } from "@mantine/core";
import { Link } from "react-router";
import { useMay, useSession } from "../../api/session";
import type { Problem } from "../../api/types";
import { instant, sentence, titled } from "../../format";
import { Note } from "../../look/Note";
import { OutcomeTag } from "../../look/Tag";
import { customerAddress } from "../decisioning/addresses";
import { named } from "./ProblemTable";
import { useReplay } from "./problems";
import classes from "./problems.module.css";
import { Reasons } from "./Reasons";

interface Props {
  problem: Problem | null;
  close: () => void;
}

/** Everything about one problem: what was sent, why it does not count as it is, and what to do. */
export function ProblemDetails({ problem, close }: Props) {
  return (
    <Drawer
      opened={problem !== null}
      onClose={close}
      position="right"
      size="lg"
      title={problem ? titled(problem.reason) : ""}
    >
      {problem && <Details problem={problem} done={close} />}
    </Drawer>
  );
}

function Details({ problem, done }: { problem: Problem; done: () => void }) {
  const replay = useReplay();
  const mayReplay = useMay("redemptions:write");
  const again = () => replay.mutate({ ids: [problem.problem_id] }, { onSuccess: done });
  return (
    <Stack gap="md">
      <Group gap="xs">
        <OutcomeTag outcome={problem.outcome} />
        {problem.detail && <Text size="sm">{sentence(problem.detail)}</Text>}
      </Group>
      {problem.outcome !== "rejected" && <Reasons problem={problem} done={done} />}
      <Note title="What to do">{problem.advice ?? WAITS[problem.outcome]}</Note>
      <Facts problem={problem} />
      <Sent payload={problem.payload} />
      {problem.outcome === "rejected" && mayReplay && (
        <Group>
          <Button onClick={again} loading={replay.isPending}>
            Replay
          </Button>
          <Text size="sm" c="dimmed">
            Sends it through again, as if it came now.
          </Text>
        </Group>
      )}
    </Stack>
  );
}

const WAITS: Record<string, string> = {
  pending: "Nothing has to be sent again: it is matched by itself once what it waits for arrives.",
  flagged: "It is kept and counted in the cost, not in the rate. Look whether it is abuse.",
  rejected:
    "Mend what is named above at the sender and send it again, or replay it once it is mended here.",
};

function Facts({ problem }: { problem: Problem }) {
  const { workspace } = useSession();
  const { promotion_id: promotion } = problem;
  return (
    <dl className={classes.facts}>
      <dt>{problem.kind === "assignments" ? "Assignment" : "Event"}</dt>
      <dd>{named(problem)}</dd>
      <dt>Promotion</dt>
      <dd>
        {typeof promotion === "string" && problem.reason === "unknown_promotion" ? (
          promotion
        ) : typeof promotion === "string" ? (
          <Link to={`/promotions/${encodeURIComponent(promotion)}`}>{promotion}</Link>
        ) : (
          "not named"
        )}
      </dd>
      <dt>Customer</dt>
      <dd>
        {typeof problem.customer_id === "string" ? (
          <Link to={customerAddress(problem.customer_id)}>{problem.customer_id}</Link>
        ) : (
          "not named"
        )}
      </dd>
      {problem.pointer && (
        <>
          <dt>Field</dt>
          <dd>
            <Code>{problem.pointer}</Code>
          </dd>
        </>
      )}
      <dt>Source</dt>
      <dd>{problem.source}</dd>
      <dt>Received</dt>
      <dd>
        {instant(problem.received_at, workspace.time_zone)}
        {problem.times > 1 && `, ${problem.times} times`}
      </dd>
    </dl>
  );
}

function Sent({ payload }: { payload: unknown }) {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload, null, 2);
  return (
    <div>
      <Group justify="space-between" mb={6}>
        <Text size="sm" fw={600}>
          What was sent
        </Text>
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button size="compact-sm" variant="default" onClick={copy}>
              {copied ? "Copied" : "Copy"}
            </Button>
          )}
        </CopyButton>
      </Group>
      <Code block tabIndex={0} aria-label="What was sent">
        {text}
      </Code>
    </div>
  );
}
