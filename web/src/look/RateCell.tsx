import { Stack, Text } from "@mantine/core";
import { memo } from "react";
import { Link, useLocation } from "react-router";
import type { Figures, Promotion } from "../api/types";
import { count, DASH, interval } from "../format";
import { Hover } from "./Hover";
import classes from "./look.module.css";

const WHY: Record<string, string> = {
  no_data: "No redemption was ever reported for this promotion.",
  not_tracked: "It ended before redemptions were tracked.",
  no_assignments: "Redemptions were reported, but nobody was assigned.",
};

/** The Redemption Rate: a percentage that leads to the breakdown, or a dash and why. */
export const RateCell = memo(function RateCell({ promotion }: { promotion: Promotion }) {
  const { search } = useLocation();
  const { figures, promotion_id: id, name } = promotion;
  const label =
    figures.rate === null
      ? `${name}: ${WHY[figures.state] ?? "no rate"} Open the breakdown`
      : `${name}: ${figures.display} redeemed. Open the breakdown`;
  return (
    <Hover more={() => <RateDetails figures={figures} />}>
      <Link
        className={classes.rate}
        to={{ pathname: `/promotions/${encodeURIComponent(id)}`, search }}
        aria-label={label}
      >
        {figures.rate === null ? DASH : figures.display}
      </Link>
    </Hover>
  );
});

/** What stands behind a rate. */
export function RateDetails({ figures }: { figures: Figures }) {
  if (figures.rate === null)
    return <Text size="sm">{WHY[figures.state] ?? "There is no rate."}</Text>;
  return (
    <Stack gap={4}>
      <Text size="sm" fw={600}>
        {count(figures.redeemed)} of {count(figures.assigned)} assignments redeemed
      </Text>
      {figures.interval && <Text size="sm">95% interval: {interval(figures.interval)}</Text>}
      <Text size="xs" c="dimmed">
        {count(figures.customers.redeemed)} of {count(figures.customers.assigned)} customers. Click
        for the breakdown.
      </Text>
    </Stack>
  );
}
