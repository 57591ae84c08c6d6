import { Button, Skeleton, Stack } from "@mantine/core";
import { IconSearchOff } from "@tabler/icons-react";
import { Link, useParams } from "react-router";
import { ApiError } from "../../../api/client";
import { useSession } from "../../../api/session";
import type { Explanation } from "../../../api/types";
import { instant, money, share, titled } from "../../../format";
import { Empty } from "../../../look/Empty";
import { Failure } from "../../../look/Failure";
import { Note } from "../../../look/Note";
import { PageHeader } from "../../../look/PageHeader";
import { SaveCsv } from "../../../look/SaveCsv";
import { Section } from "../../../look/Section";
import { Stat, Stats, Surface } from "../../../look/Surface";
import { Tag } from "../../../look/Tag";
import { customerAddress } from "../addresses";
import { useExplanation } from "../asked";
import classes from "../decisioning.module.css";
import { CHOSEN_BY, offerName } from "../words";
import { Candidates } from "./Candidates";
import { candidatesTable, excludedTable } from "./files";
import { Trace } from "./Trace";

/** One decision: the choice, why, what else there was, the same sums done again, and what came of it. */
export function Component() {
  const { decisionId = "" } = useParams();
  const { data, error, refetch } = useExplanation(decisionId);
  const isMissing = error instanceof ApiError && error.status === 404;
  return (
    <>
      <PageHeader title={`Decision ${decisionId}`} about={data && <Subject decision={data} />}>
        <Button component={Link} to="/decisioning?tab=decisions" variant="default">
          All decisions
        </Button>
      </PageHeader>
      {isMissing && <Missing />}
      {error && !isMissing && !data && <Failure error={error} again={refetch} />}
      {!error && !data && <Skeleton height={420} radius={12} />}
      {data && <Sections decision={data} />}
    </>
  );
}

function Subject({ decision }: { decision: Explanation }) {
  const { workspace } = useSession();
  return (
    <>
      For <Link to={customerAddress(decision.customer_id)}>{decision.customer_id}</Link>,{" "}
      {instant(decision.decided_at, workspace.time_zone)}
    </>
  );
}

function Missing() {
  return (
    <Surface>
      <Empty
        icon={IconSearchOff}
        title="There is no decision with this id"
        why="Ids are told exactly, capitals included. A decision is kept from the moment it was answered."
      >
        <Button component={Link} to="/decisioning?tab=decisions" variant="default">
          Look for another
        </Button>
      </Empty>
    </Surface>
  );
}

function Sections({ decision }: { decision: Explanation }) {
  return (
    <Stack gap="md">
      <ChoiceSection decision={decision} />
      <Section
        title="Candidates"
        about="What could have been chosen. The score is the probability times what a redemption brings less its cost, at the price of its budget."
        aside={
          <SaveCsv
            of="candidates"
            whose={decision.decision_id}
            rows={() => candidatesTable(decision)}
          />
        }
        isFlush
      >
        <Candidates decision={decision} />
      </Section>
      {decision.excluded.length > 0 && <Excluded decision={decision} />}
      <Section title="What came of it" about="From the decision to what was learned of it.">
        <Trace decision={decision} />
      </Section>
      <Known decision={decision} />
    </Stack>
  );
}

function ChoiceSection({ decision }: { decision: Explanation }) {
  const { workspace } = useSession();
  const { choice, would_choose: would, replay, mode } = decision;
  const words = [...new Set(decision.explanation)];
  return (
    <Section
      title="Choice"
      aside={
        <Tag tone={mode === "policy" ? "good" : "accent"}>{CHOSEN_BY[mode] ?? titled(mode)}</Tag>
      }
    >
      <Stack gap="md">
        <Stats>
          <Stat
            label="Offer"
            value={offerName(choice?.promotion_id ?? null, choice?.tier_id)}
            more={
              would &&
              `would have chosen ${offerName(would.promotion_id ?? null, would.tier_id ?? null)}`
            }
          />
          <Stat
            label="Expected to bring"
            value={money(decision.expected_value.toFixed(2), workspace.currency)}
            more="net of its cost"
          />
          <Stat
            label="Drawn with probability"
            value={share(decision.propensity)}
            more={decision.explored ? "tried, to learn" : "the best looking one"}
          />
          <Stat label="Policy" value={decision.policy_version} more="version and revision" />
        </Stats>
        <div>
          <h3 className={classes.small}>Why</h3>
          <ul className={classes.list}>
            {words.map((one) => (
              <li key={one}>{one}</li>
            ))}
          </ul>
        </div>
        <Note tone={replay.equal ? "good" : "bad"}>
          {replay.equal
            ? "Replayed: the same sums done again from what was kept come out equal to the last digit."
            : `Replayed: it does not come out equal (${unequal(replay)}). Tell whoever runs the server.`}
        </Note>
      </Stack>
    </Section>
  );
}

const unequal = ({ scores, propensities, choice }: Explanation["replay"]): string =>
  [!scores && "scores", !propensities && "probabilities", !choice && "choice"]
    .filter(Boolean)
    .join(", ");

function Excluded({ decision }: { decision: Explanation }) {
  return (
    <Section
      title="Not open"
      about="Candidates that were taken out before the choice, and why."
      aside={
        <SaveCsv
          of="excluded candidates"
          whose={decision.decision_id}
          rows={() => excludedTable(decision)}
        />
      }
      isFlush
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className={classes.scroll} aria-label="Excluded candidates" tabIndex={0}>
        <table className={classes.table} data-flush>
          <thead>
            <tr>
              <th scope="col">Offer</th>
              <th scope="col">Reason</th>
              <th scope="col">Detail</th>
            </tr>
          </thead>
          <tbody>
            {decision.excluded.map((one) => (
              <tr key={`${one.promotion_id}/${one.tier_id}`}>
                <th scope="row">{offerName(one.promotion_id, one.tier_id)}</th>
                <td>{titled(one.reason)}</td>
                <td>{one.detail}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Section>
  );
}

function Known({ decision }: { decision: Explanation }) {
  const features = Object.entries(decision.features);
  if (features.length === 0) return null;
  return (
    <Section
      title="What was known of the customer"
      about="As it stood at the moment of the decision, and as it is learned from: docs/decisioning.md says what each means."
    >
      <dl className={classes.features}>
        {features.map(([name, value]) => (
          <div key={name}>
            <dt>{name.replace(/=(#|true)$/, "")}</dt>
            <dd className="figure">{value.toFixed(2)}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
