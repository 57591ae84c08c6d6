import { Button, Drawer } from "@mantine/core";
import { IconTicketOff } from "@tabler/icons-react";
import { Link } from "react-router";
import { ApiError } from "../../api/client";
import type { Promotion } from "../../api/types";
import { Empty } from "../../look/Empty";
import { Failure } from "../../look/Failure";
import { AnomalyList } from "../anomalies/AnomalyList";
import { KnownNote } from "../known/KnownNote";
import { usePromotion } from "./asked";
import classes from "./breakdown.module.css";
import { DrawerHead } from "./DrawerHead";
import { FunnelSection } from "./funnel/FunnelSection";
import { GenerositySection, hasGenerosity } from "./GenerositySection";
import { LinesSection } from "./lines/LinesSection";
import { NoRate } from "./NoRate";
import { ReturnSection } from "./ReturnSection";
import { RestatementsSection } from "./restatements/RestatementsSection";
import { Section } from "./Section";
import { SectionNav } from "./SectionNav";
import { Summary } from "./Summary";
import { TimeSection } from "./time/TimeSection";
import { hasUsage, UsageSection } from "./usage/UsageSection";
import { useTitle } from "./useTitle";
import { Waiting } from "./Waiting";

/** What the drawer shows of one promotion. */
export function BreakdownContent({ promotionId }: { promotionId: string }) {
  const { data: promotion, error, refetch } = usePromotion(promotionId);
  useTitle(promotion?.name);
  if (error) return <Missing promotionId={promotionId} error={error} again={refetch} />;
  if (!promotion) return <Waiting />;
  return (
    <>
      <DrawerHead promotion={promotion}>
        <SectionNav sections={sections(promotion)} />
      </DrawerHead>
      <Drawer.Body className={classes.body}>
        <KnownNote />
        <Summary promotion={promotion} />
        <NoRate promotion={promotion} />
        <FunnelSection promotion={promotion} />
        <TimeSection promotion={promotion} />
        {hasUsage(promotion) && <UsageSection promotion={promotion} />}
        <LinesSection promotion={promotion} />
        {hasGenerosity(promotion) && <GenerositySection promotion={promotion} />}
        <ReturnSection promotion={promotion} />
        <AnomaliesSection promotion={promotion} />
        <RestatementsSection promotion={promotion} />
      </Drawer.Body>
    </>
  );
}

function sections(promotion: Promotion): [id: string, name: string][] {
  const all: [string, string][] = [
    ["funnel", "Funnel"],
    ["time", "Over time"],
  ];
  if (hasUsage(promotion)) all.push(["limits", "Limits"]);
  all.push(["groups", "By group"]);
  if (hasGenerosity(promotion)) all.push(["generosity", "By generosity"]);
  all.push(["return", "Return"], ["anomalies", "Anomalies"], ["restatements", "Restatements"]);
  return all;
}

const NOTHING =
  "Nothing was otherwise than expected. Redemptions are compared, hour by hour, with what this promotion's own past says; that takes three days of them.";

function AnomaliesSection({ promotion: { promotion_id } }: { promotion: Promotion }) {
  return (
    <Section
      id="anomalies"
      title="Anomalies"
      about="When redemptions dropped or leapt, since when, and where it comes from. The newest first."
    >
      <AnomalyList sought={{ promotion_id }} nothing={NOTHING} />
    </Section>
  );
}

interface MissingProps {
  promotionId: string;
  error: Error;
  again: () => unknown;
}

function Missing({ promotionId, error, again }: MissingProps) {
  const isUnknown = error instanceof ApiError && error.status === 404;
  return (
    <>
      <Drawer.Header className={classes.head}>
        <div className={classes.headRow}>
          <Drawer.Title className={classes.title}>Breakdown</Drawer.Title>
          <Drawer.CloseButton aria-label="Close the breakdown" />
        </div>
      </Drawer.Header>
      {isUnknown ? (
        <Empty
          icon={IconTicketOff}
          title={`There is no promotion ${promotionId}`}
          why="The address may be mistyped, or from another workspace."
        >
          <Button component={Link} to="/promotions" variant="default" data-autofocus>
            To the promotions
          </Button>
        </Empty>
      ) : (
        <Failure error={error} again={again} />
      )}
    </>
  );
}
