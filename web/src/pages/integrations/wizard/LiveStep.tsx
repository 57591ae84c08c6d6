import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { Link } from "react-router";
import { useSession } from "../../../api/session";
import type { Shop, Source } from "../../../api/types";
import { moment } from "../../../format";
import { FormFailure } from "../../../look/FormFailure";
import { Note } from "../../../look/Note";
import { isLive, sourceAddress, useChangeSource } from "../sources";
import { Snippets } from "./Snippets";
import { StepFrame } from "./StepFrame";
import { NO_KEY } from "./snippets";
import { useSample } from "./useSample";
import classes from "./wizard.module.css";

interface Props {
  source: Source;
  /** The shop that it is, if it is one: then there is nothing to program. */
  shop?: Shop | null;
  secret: string | undefined;
  onBack: () => void;
}

/** Step 5: the source is marked live, and what it sends is redemptions. */
export function LiveStep({ source, shop, secret, onBack }: Props) {
  const changing = useChangeSource(source.name);
  const { workspace } = useSession();
  const since = moment(workspace.tracking_from, workspace.time_zone);
  if (isLive(source)) return <IsLive source={source} shop={shop} secret={secret} />;
  return (
    <StepFrame
      title={`Mark ${source.name} live`}
      about="From then on you are told when it falls silent, and what it sends fills the redemption rates by itself."
      onBack={onBack}
      aside={
        <Button loading={changing.isPending} onClick={() => changing.mutate({ live: true })}>
          Mark it live
        </Button>
      }
    >
      <div className={classes.tracking}>
        <Text size="sm" c="dimmed">
          Redemptions are tracked from
        </Text>
        <Title order={3} size="h4">
          {since}
        </Title>
        <Text size="sm" maw={560}>
          That is set once for the whole workspace and never moved earlier. What was redeemed before
          is refused with that reason, and promotions that ended before show a dash: going forward
          only.
        </Text>
      </div>
      {!source.test && !shop?.last_message && (
        <Note tone="warn">No test event has landed yet. You can go live all the same.</Note>
      )}
      <FormFailure error={changing.error} />
    </StepFrame>
  );
}

function IsLive({ source, shop, secret }: Omit<Props, "onBack">) {
  const { workspace } = useSession();
  const { event } = useSample();
  const sample = {
    origin: window.location.origin,
    key: secret ?? NO_KEY,
    event: { ...event, event_id: "your-own-id-of-this-redemption" },
    isTest: false,
  };
  return (
    <Stack gap="lg">
      <Group gap="sm" wrap="nowrap" align="flex-start" role="status">
        <IconCircleCheck size={28} color="var(--ps-good)" aria-hidden style={{ flex: "none" }} />
        <div>
          <Title order={2} size="h3">
            {source.name} is live
          </Title>
          <Text c="dimmed" size="sm" mt={4}>
            Since {moment(source.live_since ?? source.created_at, workspace.time_zone)}. Redemptions
            are tracked from {moment(workspace.tracking_from, workspace.time_zone)} on.
          </Text>
        </div>
      </Group>
      {!shop && (
        <div>
          <Text size="sm" mb="sm" maw={640}>
            This is what your system sends from now on: the same request without dry_run, once for
            each redemption, with an event id of its own. Run as it is, it reports a real
            redemption.
          </Text>
          <Snippets sample={sample} />
        </div>
      )}
      <Group gap="xs" justify="flex-end">
        <Button component={Link} to={sourceAddress(source.name)} variant="default">
          Look at {source.name}
        </Button>
        <Button component={Link} to="/promotions">
          Go to promotions
        </Button>
      </Group>
    </Stack>
  );
}
