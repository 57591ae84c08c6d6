import { Button, Skeleton, Stack } from "@mantine/core";
import { IconPlugX } from "@tabler/icons-react";
import { Link, useParams } from "react-router";
import { ApiError } from "../../api/client";
import { useMay } from "../../api/session";
import type { Source } from "../../api/types";
import { Empty } from "../../look/Empty";
import { Failure } from "../../look/Failure";
import { PageHeader } from "../../look/PageHeader";
import { Section } from "../../look/Section";
import { Surface } from "../../look/Surface";
import { AnomalyList } from "../anomalies/AnomalyList";
import { ActivitySection } from "./ActivitySection";
import { CoverageSection } from "./CoverageSection";
import { KeysSection } from "./KeysSection";
import { ProblemsSection } from "./ProblemsSection";
import { ReconciliationSection } from "./ReconciliationSection";
import { SnippetsSection } from "./SnippetsSection";
import { Overdue } from "./Standing";
import { StandingSection } from "./StandingSection";
import { ShopSection } from "./shops/ShopSection";
import { isLive, isOurs, sourceAddress, useSource } from "./sources";

/** One system that reports: how it stands, what it sent, and what it needs. */
export function Component() {
  const { source: name = "" } = useParams();
  const { data: source, error, refetch } = useSource(name);
  if (error instanceof ApiError && error.status === 404) return <NoSuchSource name={name} />;
  return (
    <>
      <PageHeader
        title={name}
        about={
          source && isOurs(source)
            ? "What Promosight itself decides and gives."
            : "A system that reports to this workspace."
        }
      >
        {source && <Actions source={source} />}
      </PageHeader>
      {error && <Failure error={error} again={refetch} />}
      {!error && (source ? <Sections source={source} /> : <Waiting />)}
    </>
  );
}

function NoSuchSource({ name }: { name: string }) {
  return (
    <>
      <PageHeader title={name} />
      <Surface>
        <Empty
          icon={IconPlugX}
          title="There is no source with this name"
          why="No system was connected under it. Names are told exactly, capitals included."
        >
          <Button component={Link} to="/integrations" variant="default">
            All integrations
          </Button>
        </Empty>
      </Surface>
    </>
  );
}

function Actions({ source }: { source: Source }) {
  const mayChange = useMay("integrations");
  return (
    <>
      <Button component={Link} to="/integrations" variant="default">
        All integrations
      </Button>
      {!isLive(source) && !isOurs(source) && mayChange && (
        <Button component={Link} to={`${sourceAddress(source.name)}/setup`}>
          Continue set-up
        </Button>
      )}
    </>
  );
}

function Sections({ source }: { source: Source }) {
  return (
    <Stack gap="md">
      <Overdue source={source} />
      <StandingSection source={source} />
      <ActivitySection source={source} />
      <AnomaliesSection source={source.name} />
      <ProblemsSection source={source.name} />
      <ShopSection source={source.name} />
      {!isOurs(source) && (
        <>
          <ReconciliationSection source={source.name} />
          <KeysSection source={source.name} />
          <CoverageSection source={source.name} />
          <SnippetsSection />
        </>
      )}
    </Stack>
  );
}

const NOTHING =
  "Nothing was otherwise than expected. What it sends, and what of it matches no assignment, are compared hour by hour with its own past; that takes three days of it.";

function AnomaliesSection({ source }: { source: string }) {
  return (
    <div id="anomalies">
      <Section
        title="Anomalies"
        about="When what it sends dropped or leapt, or more of it matched nothing; since when, and where it comes from."
      >
        <AnomalyList sought={{ source }} nothing={NOTHING} />
      </Section>
    </div>
  );
}

function Waiting() {
  return (
    <Stack gap="md">
      <Skeleton height={108} radius={12} />
      <Skeleton height={400} radius={12} />
      <Skeleton height={220} radius={12} />
    </Stack>
  );
}
