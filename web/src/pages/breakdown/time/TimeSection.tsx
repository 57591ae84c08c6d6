import { Button, SegmentedControl, Skeleton } from "@mantine/core";
import { IconChartBar, IconTable } from "@tabler/icons-react";
import type { Promotion } from "../../../api/types";
import { Failure } from "../../../look/Failure";
import { useKnown } from "../../known/useKnown";
import { chosen, useAddress } from "../address";
import { useBreakdown } from "../asked";
import { Section } from "../Section";
import { useThen } from "../then/asked";
import { KnownOn } from "../then/KnownOn";
import { KnownOnButton } from "../then/KnownOnButton";
import { useMoment } from "../then/useMoment";
import type { Unit } from "./buckets";
import { TimeChart } from "./TimeChart";
import { TimePanel } from "./TimePanel";

const UNITS: [Unit, ...Unit[]] = ["day", "week", "month"];
const UNIT_DATA = [
  { value: "day", label: "Day" },
  { value: "week", label: "Week" },
  { value: "month", label: "Month" },
];
export type Dates = "redeemed" | "assigned";
const DATES: [Dates, ...Dates[]] = ["redeemed", "assigned"];
const DATE_DATA = [
  { value: "redeemed", label: "Redemptions" },
  { value: "assigned", label: "Rate by assignment date" },
];

const ABOUT: Record<Dates, string> = {
  redeemed: "Redemptions by the day customers redeemed.",
  assigned:
    "The rate of those assigned in each period, with its 95% interval; grey bars show how many they were. The latest may still rise: they had less time to redeem.",
};

const ABOUT_ROWS =
  "The rate of those assigned in each period. The latest may still rise: they had less time to redeem.";

/** How a promotion is taken up over time: by redemption, or by cohort of assignment. */
export function TimeSection({ promotion }: { promotion: Promotion }) {
  const { get, set } = useAddress();
  const unit = chosen(get("unit"), UNITS);
  const dates = chosen(get("date"), DATES);
  const isTable = get("time") === "table";
  const asked = useBreakdown(promotion.promotion_id, unit, dates);
  const moment = useMoment(promotion.promotion_id, unit, dates, null, isTable);
  const [known] = useKnown();
  const then = useThen(promotion.promotion_id, unit, dates, null, isTable ? null : known);
  const isOfThen = known !== null && !isTable;
  const { data, error, refetch } = isOfThen ? then : asked;
  const isPassing = asked.isPlaceholderData;
  return (
    <Section
      id="time"
      title="Over time"
      about={isTable && dates === "assigned" ? ABOUT_ROWS : ABOUT[dates]}
      tools={
        <>
          <SegmentedControl
            size="xs"
            aria-label="What is shown over time"
            data={DATE_DATA}
            value={dates}
            onChange={(value) => set({ date: value })}
          />
          <SegmentedControl
            size="xs"
            aria-label="Length of a period"
            data={UNIT_DATA}
            value={unit}
            onChange={(value) => set({ unit: value })}
          />
          <Button
            size="xs"
            variant="default"
            onClick={() => set({ time: isTable ? null : "table" })}
            leftSection={
              isTable ? <IconChartBar size={15} aria-hidden /> : <IconTable size={15} aria-hidden />
            }
          >
            {isTable ? "Show as chart" : "Show as table"}
          </Button>
          {isTable && <KnownOnButton moment={moment} />}
        </>
      }
    >
      {isTable && <KnownOn promotion={promotion} moment={moment} />}
      {error && !data && <Failure error={error} again={refetch} />}
      {!error && !data && <Skeleton height={280} radius="md" />}
      {data &&
        (isTable ? (
          <TimePanel {...{ promotion, moment, isPassing }} breakdown={data} />
        ) : (
          <TimeChart breakdown={data} />
        ))}
    </Section>
  );
}
