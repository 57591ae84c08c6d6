import { Button, Skeleton } from "@mantine/core";
import { IconChartLine, IconTable } from "@tabler/icons-react";
import { useMemo } from "react";
import { Chart } from "../../look/Chart";
import { useAddress } from "../breakdown/address";
import { Section } from "../breakdown/Section";
import { label } from "../breakdown/words";
import { type Compared, nameOf, useBreakdowns } from "./asked";
import { cohortLines } from "./chart";
import classes from "./compare.module.css";
import { Matrix } from "./Matrix";
import { matrix } from "./matrix";

/** How the rate of each promotion went, by the week its customers were assigned. */
export function CohortSection({ compared }: { compared: readonly Compared[] }) {
  const { get, set } = useAddress<"time">();
  const isTable = get("time") === "table";
  const breakdowns = useBreakdowns(compared, "week");
  const isThere = breakdowns.some(Boolean);
  return (
    <Section
      level={2}
      id="time"
      title="Rate by week of assignment"
      about="Each point is the rate of those assigned in that week; hollow where they were too few. The latest may still rise."
      tools={
        <Button
          size="xs"
          variant="default"
          onClick={() => set({ time: isTable ? null : "table" })}
          leftSection={
            isTable ? <IconChartLine size={15} aria-hidden /> : <IconTable size={15} aria-hidden />
          }
        >
          {isTable ? "Show as chart" : "Show as table"}
        </Button>
      }
    >
      {!isThere && <Skeleton height={300} radius="md" />}
      {isThere && (isTable ? <Weeks compared={compared} /> : <Lines compared={compared} />)}
    </Section>
  );
}

function Weeks({ compared }: { compared: readonly Compared[] }) {
  const weeks = matrix(useBreakdowns(compared, "week"));
  const rows = weeks.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  return (
    <Matrix
      caption="Redemption rate by week of assignment"
      heading="Week"
      compared={compared}
      rows={rows}
      name={(key) => label("week", key)}
      query="unit=week&date=assigned"
    />
  );
}

function Lines({ compared }: { compared: readonly Compared[] }) {
  const breakdowns = useBreakdowns(compared, "week");
  const series = compared.map((one, index) => ({
    id: one.id,
    name: nameOf(one),
    colour: one.colour,
    rows: breakdowns[index]?.rows ?? [],
  }));
  // Drawn anew only when something in it moved: arrays are new each time, what they hold is not.
  const content = JSON.stringify(series);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `content` says whether `series` changed
  const option = useMemo(() => cohortLines(series), [content]);
  if (!series.some(({ rows }) => rows.some((line) => line.assigned > 0)))
    return <p className={classes.quiet}>Nobody was assigned to any of them yet.</p>;
  return (
    <>
      <ul className={classes.legend}>
        {compared.map((one) => (
          <li key={one.id}>
            <span className={classes.swatch} style={{ background: one.colour }} aria-hidden />
            {nameOf(one)}
          </li>
        ))}
      </ul>
      <Chart title="Redemption rate by week of assignment" option={option} height={300} />
    </>
  );
}
