import { Button, Group, Skeleton, useComputedColorScheme } from "@mantine/core";
import { IconChartBar, IconTable } from "@tabler/icons-react";
import { type ReactNode, useMemo, useState } from "react";
import type { ValueOverTime } from "../../../api/types";
import { count, DASH, day } from "../../../format";
import { Chart } from "../../../look/Chart";
import { SaveCsv } from "../../../look/SaveCsv";
import { Section } from "../../../look/Section";
import classes from "../decisioning.module.css";
import { estimated } from "../words";
import { valueTable } from "./files";
import { valueChart } from "./valueChart";

interface Props {
  value: ValueOverTime | undefined;
  aside: ReactNode;
}

/** What decisions brought in each period, beside the control group and the best fixed offer. */
export function ValueSection({ value, aside }: Props) {
  const isDark = useComputedColorScheme("light") === "dark";
  const [isTable, setTable] = useState(false);
  const option = useMemo(() => value && valueChart(value, isDark), [value, isDark]);
  return (
    <Section
      title="Value over time"
      about="What a decision brought on average, with its 95% interval. Where single periods cannot tell of the best fixed offer, it is shown for all of them together."
      aside={
        <Group gap="xs">
          {value && value.periods.length > 0 && (
            <SaveCsv of={`value by ${value.by}`} rows={() => valueTable(value)} />
          )}
          {aside}
          <Button
            size="xs"
            variant="default"
            onClick={() => setTable(!isTable)}
            leftSection={
              isTable ? <IconChartBar size={15} aria-hidden /> : <IconTable size={15} aria-hidden />
            }
          >
            {isTable ? "Show as chart" : "Show as table"}
          </Button>
        </Group>
      }
    >
      {!value || !option ? (
        <Skeleton height={280} />
      ) : value.periods.length === 0 ? (
        <p className={classes.quiet}>
          No decision has settled yet: one counts here {value.horizon_days} days after it was made,
          when its outcome is known.
        </p>
      ) : isTable ? (
        <Table value={value} />
      ) : (
        <Chart title="Value per decision over time" option={option} height={280} />
      )}
    </Section>
  );
}

function Table({ value: { periods, unit } }: { value: ValueOverTime }) {
  const said = (one: (typeof periods)[number]["ours"]) => (one ? estimated(one, unit) : DASH);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className={classes.scroll} aria-label="Value over time" tabIndex={0}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col" className={classes.number}>
              Decisions
            </th>
            <th scope="col" className={classes.number}>
              Redeemed
            </th>
            <th scope="col" className={classes.number}>
              Ours
            </th>
            <th scope="col" className={classes.number}>
              Control group
            </th>
            <th scope="col" className={classes.number}>
              Best fixed offer
            </th>
          </tr>
        </thead>
        <tbody>
          {periods.map((one) => (
            <tr key={one.from}>
              <th scope="row">
                {day(one.from)} {!one.settled && <small>not all settled</small>}
              </th>
              <td className={classes.number}>{count(one.decisions)}</td>
              <td className={classes.number}>{count(one.redeemed)}</td>
              <td className={classes.number}>{said(one.ours)}</td>
              <td className={classes.number}>{said(one.control)}</td>
              <td className={classes.number}>{said(one.best_fixed)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
