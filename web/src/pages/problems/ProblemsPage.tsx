import { Button, Group, Select, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconCircleCheck, IconDownload, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useLocation } from "react-router";
import { url } from "../../api/client";
import { useMay } from "../../api/session";
import type { Problem, ProblemCount } from "../../api/types";
import { count } from "../../format";
import { Empty } from "../../look/Empty";
import { Failure } from "../../look/Failure";
import { isLeaving } from "../../look/leaving";
import { PageHeader } from "../../look/PageHeader";
import { Surface } from "../../look/Surface";
import { Mappings } from "./Mappings";
import { ProblemDetails } from "./ProblemDetails";
import { ProblemGroups } from "./ProblemGroups";
import { ProblemTable } from "./ProblemTable";
import { useProblems, useReplay } from "./problems";
import classes from "./problems.module.css";
import { useWanted, type Wanted } from "./wanted";

/** Problems: events that wait, are flagged or were refused, why, what to do, and sending them again. */
export function Component() {
  const { wanted, want } = useWanted();
  const { data, error, refetch, isFetching, fetchNextPage, hasNextPage } = useProblems(wanted);
  const [opened, setOpened] = useState<Problem | null>(null);
  const [chosen, setChosen] = useState<Problem[]>([]);
  const mayReplay = useMay("redemptions:write");
  const counts = data?.pages[0]?.counts ?? [];
  const problems = data?.pages.flatMap((page) => page.items) ?? [];
  if (error) return <Failure error={error} again={refetch} />;
  const isFiltered = Object.values(wanted).some(Boolean);
  return (
    <>
      <PageHeader
        title="Problems"
        about="Events that could not be counted as they came. Nothing is lost: each is kept with its reason."
      >
        <Button
          component="a"
          href={url("/v1/problems", { ...wanted, format: "csv" })}
          download="problems.csv"
          variant="default"
          leftSection={<IconDownload size={16} />}
        >
          Export CSV
        </Button>
        {mayReplay && <ReplayButton wanted={wanted} counts={counts} chosen={chosen} />}
      </PageHeader>
      {data && counts.length === 0 && !isFiltered ? (
        <Surface>
          <Empty
            icon={IconCircleCheck}
            title="No problems"
            why="Every event that was reported has been matched to its promotion and customer. What cannot be matched will be listed here."
          />
        </Surface>
      ) : (
        <div className={classes.columns}>
          <ProblemGroups counts={counts} wanted={wanted} want={want} />
          <div>
            <Filters wanted={wanted} want={want} counts={counts} />
            <Surface>
              <ProblemTable
                problems={problems}
                isFetching={isFetching}
                open={setOpened}
                chosen={mayReplay ? chosen : undefined}
                choose={setChosen}
              />
            </Surface>
            <Group justify="space-between" mt="sm">
              <Text size="sm" c="dimmed">
                {count(problems.length)} shown
              </Text>
              {hasNextPage && (
                <Button variant="default" onClick={() => fetchNextPage()} loading={isFetching}>
                  Show more
                </Button>
              )}
            </Group>
          </div>
        </div>
      )}
      <Mappings />
      <ProblemDetails problem={opened} close={() => setOpened(null)} />
    </>
  );
}

interface FilterProps {
  wanted: Wanted;
  want: (change: Partial<Wanted>) => void;
  counts: ProblemCount[];
}

function Filters({ wanted, want, counts }: FilterProps) {
  const [text, setText] = useState(wanted.q);
  const { pathname } = useLocation();
  const search = useDebouncedCallback((q: string) => isLeaving(pathname) || want({ q }), 300);
  const sources = [...new Set(counts.map((one) => one.source))].sort();
  const isFiltered = Object.values(wanted).some(Boolean);
  return (
    <Group mb="sm" gap="xs">
      <TextInput
        aria-label="Find by event, promotion or customer id"
        placeholder="Event, promotion or customer id"
        leftSection={<IconSearch size={16} />}
        w={280}
        maw="100%"
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          search(event.currentTarget.value.trim());
        }}
      />
      <Select
        aria-label="Source"
        placeholder="All sources"
        clearable
        data={sources}
        value={wanted.source || null}
        onChange={(source) => want({ source: source ?? "" })}
        w={180}
      />
      {isFiltered && (
        <Button
          variant="subtle"
          onClick={() => {
            setText("");
            want({ outcome: "", reason: "", source: "", q: "" });
          }}
        >
          Clear filters
        </Button>
      )}
    </Group>
  );
}

interface ReplayProps {
  wanted: Wanted;
  counts: ProblemCount[];
  chosen: Problem[];
}

/** Replays what is chosen; with nothing chosen, all refused events that the filter lets through. */
function ReplayButton({ wanted, counts, chosen }: ReplayProps) {
  const replay = useReplay();
  const { reason, source } = wanted;
  const isIn = (one: ProblemCount) =>
    one.outcome === "rejected" &&
    (!reason || one.reason === reason) &&
    (!source || one.source === source);
  const all = counts.filter(isIn).reduce((sum, one) => sum + one.count, 0);
  const many = chosen.length || all;
  const again = chosen.length
    ? { ids: chosen.map((one) => one.problem_id) }
    : { ...(reason && { reason }), ...(source && { source }) };
  if (!many) return null;
  return (
    <Button onClick={() => replay.mutate(again)} loading={replay.isPending}>
      {chosen.length ? `Replay ${count(many)} chosen` : `Replay all ${count(many)} refused`}
    </Button>
  );
}
