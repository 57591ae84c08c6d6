import { NativeSelect, Skeleton, Stack } from "@mantine/core";
import { useState } from "react";
import type { Promotion, Return } from "../../api/types";
import { count, DASH, money, share } from "../../format";
import { Failure } from "../../look/Failure";
import { Note } from "../../look/Note";
import { Stat, Stats } from "../../look/Surface";
import { Amounts } from "./Amounts";
import classes from "./breakdown.module.css";
import { between, MEASURES, reasonOf, signed, useReturn } from "./returned";
import { Section } from "./Section";

/** What the promotion brought beyond what would have come anyway, or why that cannot be told. */
export function ReturnSection({ promotion }: { promotion: Promotion }) {
  const [measure, setMeasure] = useState("order_value");
  const { data, error, refetch } = useReturn(promotion.promotion_id, measure);
  return (
    <Section
      id="return"
      title="Return"
      about="Customers with the offer against the control group, over the 30 days after the assignment. The intervals hold however often one looks."
      tools={
        <NativeSelect
          aria-label="Measure of the return"
          size="xs"
          data={MEASURES}
          value={measure}
          onChange={({ currentTarget }) => setMeasure(currentTarget.value)}
        />
      }
    >
      {error && !data && <Failure error={error} again={refetch} />}
      {!error && !data && <Skeleton height={150} radius="md" />}
      {data && (
        <Stack gap="md">
          <WhyNot found={data} />
          <Verdict found={data} />
          <Stats>
            {data.uplift && <Brought found={data} />}
            <NotCausal found={data} />
          </Stats>
        </Stack>
      )}
    </Section>
  );
}

/** Never a number where there is none, and what to do about it. */
function WhyNot({ found }: { found: Return }) {
  if (!found.roi_reason) return null;
  const { name, next } = reasonOf(found.roi_reason);
  const what = found.reason ? "Not computable" : "ROI not computable";
  return <Note title={`${what}: ${name}`}>{next}</Note>;
}

/** Whether the uplift is more than chance, before its figures are read. */
function Verdict({ found: { uplift } }: { found: Return }) {
  if (!uplift) return null;
  const low = Number(uplift.interval[0]);
  const high = Number(uplift.interval[1]);
  const shown = (amount: number) => money(String(Math.abs(amount)), uplift.currency);
  if (low > 0)
    return (
      <Note tone="good" title="It brings more than it would have come to anyway">
        Between {shown(low)} and {shown(high)} for each customer with the offer, with 95%
        confidence.
      </Note>
    );
  if (high < 0)
    return (
      <Note tone="warn" title="It brings less than no offer would have">
        Between {shown(high)} and {shown(low)} less for each customer with the offer, with 95%
        confidence.
      </Note>
    );
  return (
    <Note tone="quiet" title="No effect is shown so far">
      The interval of the uplift holds zero: what was seen may be chance. It gets narrower with
      every customer whose 30 days are over.
    </Note>
  );
}

function Brought({ found }: { found: Return }) {
  const { uplift, roi, incremental_rate: rate, would_have_acted_anyway: anyway } = found;
  if (!uplift) return null;
  const shown = (amount: string) => money(amount, uplift.currency);
  const [low, high] = uplift.interval;
  return (
    <>
      <Stat
        label="Uplift per customer"
        value={shown(uplift.per_customer)}
        more={`95% interval ${shown(low)} to ${shown(high)}; ${money(uplift.total, uplift.currency, true)} in all`}
      />
      <Stat
        label="ROI"
        value={roi ? signed(roi.value) : DASH}
        more={roi && between(roi.interval)}
      />
      <Stat
        label="Incremental rate"
        value={rate ? signed(rate.value) : DASH}
        more={rate && between(rate.interval)}
      />
      <Stat
        label="Would have acted anyway"
        value={anyway === null ? DASH : share(anyway)}
        more={`of ${count(found.treated.acted)} with the offer who acted`}
      />
    </>
  );
}

function NotCausal({ found }: { found: Return }) {
  return (
    <>
      <Stat
        label="Cost per redemption"
        value={<Amounts money={found.cost_per_redemption} />}
        more={<span className={classes.quiet}>not causal</span>}
      />
      <Stat
        label="Redeemers' revenue"
        value={<Amounts money={found.redeemer_revenue.value} />}
        more={<span className={classes.quiet}>not causal: they chose themselves</span>}
      />
    </>
  );
}
