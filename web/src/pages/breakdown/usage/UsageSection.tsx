import { Button, NativeSelect, Skeleton, useComputedColorScheme } from "@mantine/core";
import { IconChartLine, IconGauge, IconTable } from "@tabler/icons-react";
import { memo, useMemo } from "react";
import { useSession } from "../../../api/session";
import type { LimitOverTime, Promotion } from "../../../api/types";
import { Chart } from "../../../look/Chart";
import { Empty } from "../../../look/Empty";
import { Failure } from "../../../look/Failure";
import { forecastText, limitAmount, limitName } from "../../../look/usage";
import { useAddress } from "../address";
import classes from "../breakdown.module.css";
import { Section } from "../Section";
import { useUsage } from "./asked";
import { ahead } from "./forecast";
import { UsageTable } from "./UsageTable";
import { usageChart } from "./usageChart";

/** Whether there is a limit whose usage is known. */
export const hasUsage = ({ figures }: Promotion): boolean => figures.usage.length > 0;

/** How each limit came to be used, and when it will be used up at today's pace. */
export function UsageSection({ promotion }: { promotion: Promotion }) {
  const { get, set } = useAddress();
  const { data, error, refetch } = useUsage(promotion.promotion_id);
  const isTable = get("usage") === "table";
  const items = data?.limits ?? [];
  const at = Number(get("limit") ?? 0);
  const limit = items[at] ?? items[0];
  return (
    <Section
      id="limits"
      title="Limits over time"
      about="What was committed and redeemed of a limit up to each day of its window, and when it will be used up if that goes on as it did lately."
      tools={
        <>
          {items.length > 1 && (
            <NativeSelect
              size="xs"
              aria-label="Limit"
              data={items.map((one, index) => ({ value: String(index), label: nameOf(one) }))}
              value={String(at)}
              onChange={({ currentTarget: { value } }) =>
                set({ limit: value === "0" ? null : value })
              }
            />
          )}
          {limit && isUsed(limit) && (
            <Button
              size="xs"
              variant="default"
              onClick={() => set({ usage: isTable ? null : "table" })}
              leftSection={
                isTable ? (
                  <IconChartLine size={15} aria-hidden />
                ) : (
                  <IconTable size={15} aria-hidden />
                )
              }
            >
              {isTable ? "Show as chart" : "Show as table"}
            </Button>
          )}
        </>
      }
    >
      {error && !data && <Failure error={error} again={refetch} />}
      {!error && !data && <Skeleton height={260} radius="md" />}
      {data && limit && !isUsed(limit) && (
        <Empty
          icon={IconGauge}
          title="Nothing of it was used yet"
          why="The chart begins with the first assignment or redemption that is reported."
        />
      )}
      {data &&
        limit &&
        isUsed(limit) &&
        (isTable ? (
          <UsageTable promotionId={promotion.promotion_id} limit={limit} />
        ) : (
          <UsageChart limit={limit} asOf={data.as_of} />
        ))}
    </Section>
  );
}

const isUsed = ({ days }: LimitOverTime): boolean =>
  days.some((one) => Number(one.committed) !== 0 || Number(one.redeemed) !== 0);

/** Its amount tells two limits of the same kind apart. */
const nameOf = ({ usage, currency }: LimitOverTime): string =>
  `${limitName(usage)}: ${limitAmount(usage, usage.limit, currency)}`;

interface ChartProps {
  limit: LimitOverTime;
  asOf: string;
}

const UsageChart = memo(function UsageChart({ limit, asOf }: ChartProps) {
  const { workspace } = useSession();
  const isDark = useComputedColorScheme("light") === "dark";
  const option = useMemo(
    () => usageChart({ limit, isDark, ahead: ahead(limit, asOf, workspace.time_zone) }),
    [limit, asOf, isDark, workspace.time_zone],
  );
  const said = forecastText(limit.usage, limit.currency, workspace.time_zone);
  return (
    <>
      <Chart
        key={nameOf(limit)}
        title={`${limitName(limit.usage)}: used over time`}
        option={option}
        height={260}
      />
      <p className={classes.note}>
        {said ?? "No forecast: it was used on too few of the last days to tell a pace."}
      </p>
    </>
  );
});
