import { Skeleton } from "@mantine/core";
import type { Promotion } from "../../../api/types";
import { Failure } from "../../../look/Failure";
import { SaveCsv } from "../../../look/SaveCsv";
import { useFunnel } from "../asked";
import { Section } from "../Section";
import { AlsoReported } from "./AlsoReported";
import { Assignments } from "./Assignments";
import { Cohorts } from "./Cohorts";
import { funnelTable } from "./files";
import classes from "./funnel.module.css";

/** From assigned to redeemed: what became of every assignment, and what was reported beside them. */
export function FunnelSection({ promotion }: { promotion: Promotion }) {
  const { data: funnel, error, refetch } = useFunnel(promotion.promotion_id);
  return (
    <Section
      id="funnel"
      title="Funnel"
      about="What became of every assignment. Open ones can still be redeemed, so the rate may rise."
      tools={
        funnel && (
          <SaveCsv whose={promotion.promotion_id} of="funnel" rows={() => funnelTable(funnel)} />
        )
      }
    >
      {error && !funnel && <Failure error={error} again={refetch} />}
      {!error && !funnel && <Skeleton height={250} radius="md" />}
      {funnel && (
        <div className={classes.columns}>
          <Assignments funnel={funnel} />
          <AlsoReported funnel={funnel} />
        </div>
      )}
      {funnel && <Cohorts promotionId={promotion.promotion_id} />}
    </Section>
  );
}
