import { Skeleton, Tabs } from "@mantine/core";
import type { Promotion } from "../../../api/types";
import { Failure } from "../../../look/Failure";
import { chosen, useAddress } from "../address";
import { useBreakdown } from "../asked";
import { Section } from "../Section";
import { KnownOn } from "../then/KnownOn";
import { KnownOnButton } from "../then/KnownOnButton";
import { ThenOrNow } from "../then/ThenOrNow";
import { isThen, useMoment } from "../then/useMoment";
import { CodePager } from "./CodePager";
import { DIMENSIONS, type Dimension, dimensions } from "./dimensions";
import { GroupTable } from "./GroupTable";
import classes from "./lines.module.css";

const ABOUT =
  "Rates with their 95% interval. The dotted line is the total; an arrow marks a difference beyond chance.";
const ABOUT_THEN = "What was known at a moment, beside what is known now.";

/** The rate of each group of customers, compared: by tier, segment, channel and so on. */
export function LinesSection({ promotion }: { promotion: Promotion }) {
  const { get, set } = useAddress();
  const choices = dimensions(promotion);
  const by = chosen(get("by"), choices);
  const after = by === "code" ? get("after") : null;
  const asked = useBreakdown(promotion.promotion_id, by, "assigned", after);
  const moment = useMoment(promotion.promotion_id, by, "assigned", after);
  const { data: breakdown, error, refetch } = asked;
  const heading = DIMENSIONS[(breakdown?.by ?? by) as Dimension].name;
  return (
    <Section
      id="groups"
      title="By group"
      about={isThen(moment) ? ABOUT_THEN : ABOUT}
      tools={<KnownOnButton moment={moment} />}
    >
      <KnownOn promotion={promotion} moment={moment} />
      <Tabs
        value={by}
        onChange={(value) => set({ by: value, order: null, after: null })}
        keepMounted={false}
      >
        <Tabs.List className={classes.tabs}>
          {choices.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {DIMENSIONS[one].name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={by} pt="sm">
          {error && !breakdown && <Failure error={error} again={refetch} />}
          {!error && !breakdown && <Skeleton height={300} radius="md" />}
          {breakdown && (
            <ThenOrNow
              promotion={promotion}
              moment={moment}
              now={breakdown}
              isPassing={asked.isPlaceholderData}
              caption={`${promotion.name} by ${heading.toLowerCase()}, then and now`}
              heading={heading}
              order={get("order")}
              onOrder={(order) => set({ order })}
              hasReasons
            >
              <GroupTable promotion={promotion} breakdown={breakdown} />
              {breakdown.by === "code" && <CodePager next={breakdown.next} />}
            </ThenOrNow>
          )}
        </Tabs.Panel>
      </Tabs>
    </Section>
  );
}
