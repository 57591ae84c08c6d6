import { Anchor, Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api } from "../../api/client";
import type { ProblemCount } from "../../api/types";
import { count } from "../../format";
import { Section } from "../../look/Section";
import { OutcomeTag } from "../../look/Tag";
import classes from "./integrations.module.css";

/** How much of what a source sent does not count as it is, and why. */
export function ProblemsSection({ source }: { source: string }) {
  const { data, isPending } = useProblemCounts(source);
  const all = data?.reduce((sum, one) => sum + one.count, 0) ?? 0;
  const address = `/problems?source=${encodeURIComponent(source)}`;
  return (
    <Section
      title="Problems"
      about={
        all > 0
          ? "What it sent that does not count as it is. Nothing of it is lost."
          : "Everything it sent could be used."
      }
      aside={
        all > 0 && (
          <Button component={Link} to={address} size="xs" variant="default">
            Look at {count(all)}
          </Button>
        )
      }
    >
      {isPending && <Skeleton height={28} />}
      {all > 0 && (
        <ul className={classes.reasons}>
          {data?.map((one) => (
            <li key={`${one.outcome} ${one.reason}`}>
              <OutcomeTag outcome={one.outcome} />
              <Anchor
                component={Link}
                size="sm"
                to={`${address}&outcome=${one.outcome}&reason=${one.reason}`}
              >
                {one.reason.replaceAll("_", " ")}
              </Anchor>
              <b>{count(one.count)}</b>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function useProblemCounts(source: string) {
  return useQuery({
    queryKey: ["problems", "counts", source],
    queryFn: ({ signal }) =>
      api<{ counts: ProblemCount[] }>("/v1/problems", { query: { source, limit: 1 }, signal }),
    select: ({ counts }) =>
      counts.filter((one) => one.source === source).sort((a, b) => b.count - a.count),
  });
}
