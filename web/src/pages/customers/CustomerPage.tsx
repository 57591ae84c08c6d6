import { Button, Group, SegmentedControl, Select, Skeleton, Stack, Text } from "@mantine/core";
import { IconUserOff } from "@tabler/icons-react";
import { useEffect } from "react";
import { useParams } from "react-router";
import { ApiError } from "../../api/client";
import { useSession } from "../../api/session";
import type { Timeline } from "../../api/types";
import { amounts, count, counted, DASH, date, money, share } from "../../format";
import { Ago } from "../../look/Ago";
import { CsvLink } from "../../look/CsvLink";
import { Empty } from "../../look/Empty";
import { Failure } from "../../look/Failure";
import { FindById } from "../../look/FindById";
import { PageHeader } from "../../look/PageHeader";
import { Section } from "../../look/Section";
import { Stat, Stats, Surface } from "../../look/Surface";
import { customerAddress } from "../decisioning/addresses";
import classes from "./customers.module.css";
import { Entries } from "./Entries";
import { rememberLooked } from "./lookedAt";
import { PersonalData } from "./PersonalData";
import { KINDS, timelinePath, useKind, useTimeline } from "./timeline";

/** One customer: how recent, how often, how much, and everything that happened in one timeline. */
export function Component() {
  const { customerId = "" } = useParams();
  const [kind, choose] = useKind();
  const found = useTimeline(customerId, kind);
  const { data, error, refetch } = found;
  const isThere = data !== undefined;
  useEffect(() => {
    if (isThere) rememberLooked(customerId);
  }, [isThere, customerId]);
  const isMissing = error instanceof ApiError && error.status === 404;
  const first = data?.pages[0];
  return (
    <>
      <PageHeader
        title={`Customer ${customerId}`}
        about={
          first && !first.known
            ? "Not told as a customer yet; known from what was reported."
            : undefined
        }
      >
        {first && <PersonalData customerId={customerId} />}
        <FindById label="Customer id" address={customerAddress} />
      </PageHeader>
      {isMissing && (
        <Surface>
          <Empty
            icon={IconUserOff}
            title="There is no customer with this id"
            why="Nothing was ever reported or decided for it. Ids are told exactly, capitals included."
          />
        </Surface>
      )}
      {error && !isMissing && !data && <Failure error={error} again={refetch} />}
      {!error && !first && <Skeleton height={420} radius={12} />}
      {first && (
        <Stack gap="md">
          <SummarySection summary={first.summary} />
          <Section
            title="Timeline"
            aside={
              <Group gap="xs">
                <CsvLink path={timelinePath(customerId)} query={{ kind }} of="timeline" />
                <KindChoice kind={kind} choose={choose} />
              </Group>
            }
          >
            <Entries entries={data.pages.flatMap((page) => page.items)} kind={kind} />
            {found.hasNextPage && (
              <Button
                mt="md"
                variant="default"
                loading={found.isFetchingNextPage}
                onClick={() => found.fetchNextPage()}
              >
                Show more
              </Button>
            )}
          </Section>
        </Stack>
      )}
    </>
  );
}

function KindChoice({ kind, choose }: { kind: string; choose: (kind: string) => void }) {
  const data = KINDS.map(({ value, label }) => ({ value, label }));
  return (
    <>
      <SegmentedControl
        size="xs"
        visibleFrom="sm"
        aria-label="What is shown"
        data={data}
        value={kind}
        onChange={choose}
      />
      <Select
        size="xs"
        hiddenFrom="sm"
        aria-label="What is shown"
        allowDeselect={false}
        data={data}
        value={kind}
        onChange={(value) => choose(value ?? "")}
      />
    </>
  );
}

function SummarySection({ summary }: { summary: Timeline["summary"] }) {
  const { workspace } = useSession();
  const { assignments, redemptions, rate, reversed } = summary;
  return (
    <Surface padded>
      <Stats>
        <Stat
          label="Last redeemed"
          value={summary.last_redeemed_at ? <Ago at={summary.last_redeemed_at} /> : "never"}
          more={
            summary.last_redeemed_at
              ? date(summary.last_redeemed_at, workspace.time_zone)
              : "nothing redeemed so far"
          }
        />
        <Stat
          label="Redemptions"
          value={count(redemptions)}
          more={reversed > 0 ? `${count(reversed)} reversed besides` : "none reversed"}
        />
        <Stat
          label="Assignments redeemed"
          value={rate === null ? DASH : share(rate)}
          more={`of ${counted(assignments, "assignment")}`}
        />
        <Stat
          label="Order value"
          value={<Sums by={summary.order_value} />}
          more="of orders with a redemption"
        />
        <Stat label="Reward cost" value={<Sums by={summary.reward_cost} />} />
        <Stat
          label="Decisions"
          value={count(summary.decisions)}
          more={summary.first_at && `first seen ${date(summary.first_at, workspace.time_zone)}`}
        />
      </Stats>
    </Surface>
  );
}

function Sums({ by }: { by: Record<string, string> }) {
  const { workspace } = useSession();
  const [first, ...others] = amounts(by, workspace.currency).filter(([, sum]) => Number(sum) !== 0);
  if (!first) return <>{DASH}</>;
  return (
    <>
      {money(first[1], first[0])}
      {others.map(([currency, sum]) => (
        <Text key={currency} size="sm" className={classes.other}>
          {money(sum, currency)}
        </Text>
      ))}
    </>
  );
}
