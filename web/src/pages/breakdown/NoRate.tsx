import { Button, Group } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { Link } from "react-router";
import { useMay, useSession } from "../../api/session";
import type { Promotion } from "../../api/types";
import { count, date } from "../../format";
import classes from "./breakdown.module.css";

interface Said {
  title: string;
  why: string;
  next: { to: string; name: string; scope?: string }[];
}

const INTEGRATIONS = { to: "/integrations", name: "See integrations" };
const SET_UP = { to: "/integrations/new", name: "Set up an integration", scope: "integrations" };

/** Why there is a dash instead of a rate, and what to do next. Nothing where there is a rate. */
export function NoRate({ promotion }: { promotion: Promotion }) {
  const { workspace } = useSession();
  const maySetUp = useMay("integrations");
  const said = why(promotion, date(workspace.tracking_from, workspace.time_zone));
  if (promotion.figures.rate !== null || !said) return null;
  return (
    <div className={classes.noRate}>
      <IconInfoCircle size={20} stroke={1.7} aria-hidden />
      <div>
        <strong>{said.title}</strong>
        <p>{said.why}</p>
      </div>
      <Group gap="xs">
        {said.next.map(({ to, name, scope }) =>
          scope && !maySetUp ? null : (
            <Button key={to} component={Link} to={to} size="xs" variant="default">
              {name}
            </Button>
          ),
        )}
      </Group>
    </div>
  );
}

function why({ status, figures, promotion_id: id }: Promotion, trackedFrom: string): Said | null {
  if (figures.state === "not_tracked")
    return {
      title: "It ended before redemptions were tracked",
      why: `Redemptions are tracked from ${trackedFrom} on, and going forward only. This promotion has no rate and will get none.`,
      next: [],
    };
  if (figures.state === "no_assignments")
    return {
      title: "Redemptions were reported, but nobody was assigned",
      why: "Without assignments there is nothing the rate could be a share of. Report who got this promotion, also afterwards: redemptions are matched as soon as assignments arrive.",
      next: [INTEGRATIONS, { to: `/problems?q=${encodeURIComponent(id)}`, name: "See problems" }],
    };
  if (status === "draft")
    return {
      title: "This promotion is a draft",
      why: "Activate it, then report who is assigned to it and who redeems it. The dash becomes a percentage with the first redemption.",
      next: [INTEGRATIONS],
    };
  return {
    title: "No redemption was ever reported for this promotion",
    why: `${waiting(figures.assigned)} The dash becomes a percentage with the first redemption that a source reports. If customers do redeem it, its source is not connected or names another promotion.`,
    next: [SET_UP, INTEGRATIONS],
  };
}

const waiting = (assigned: number) =>
  assigned > 0
    ? `${count(assigned)} ${assigned === 1 ? "assignment was" : "assignments were"} reported.`
    : "No assignment was reported either.";
