import { Button, Group, SegmentedControl, Skeleton, Text } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useState } from "react";
import { useSession } from "../../../api/session";
import type { Webhook } from "../../../api/types";
import { moment } from "../../../format";
import { CsvLink } from "../../../look/CsvLink";
import { Failure } from "../../../look/Failure";
import { DeliveryLine } from "./DeliveryLine";
import { useDeliveries } from "./deliveries";
import { StandingNote } from "./StandingNote";
import { useTest } from "./webhooks";
import classes from "./webhooks.module.css";

const STATES = ["", "waiting", "delivered", "failed"] as const;
const LABELS = { "": "All", waiting: "Waiting", delivered: "Delivered", failed: "Failed" };

/** What was sent to a webhook and what waits, the newest first. */
export function Deliveries({ webhook }: { webhook: Webhook }) {
  const [state, setState] = useState<string>("");
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useDeliveries(
    webhook,
    state,
  );
  const testing = useTest(webhook);
  const items = data?.pages.flatMap((page) => page.items);
  return (
    <section aria-label={`Deliveries to ${webhook.url}`}>
      <StandingNote webhook={webhook} />
      <div className={classes.head}>
        <SegmentedControl
          size="xs"
          aria-label="State"
          value={state}
          onChange={setState}
          data={STATES.map((value) => ({ value, label: LABELS[value] }))}
        />
        <CsvLink
          path={`/v1/webhooks/${encodeURIComponent(webhook.webhook_id)}/deliveries`}
          query={{ state }}
          of="deliveries"
        />
        <Button
          size="xs"
          variant="default"
          leftSection={<IconSend size={14} />}
          disabled={!webhook.enabled}
          loading={testing.isPending}
          onClick={testing.start}
        >
          Send a test
        </Button>
      </div>
      {error && <Failure error={error} again={refetch} />}
      {!items && !error && <Skeleton height={80} />}
      {items?.length === 0 && (
        <Text size="sm" c="dimmed" py="xs">
          {state ? "None." : "Nothing was sent in the last 30 days."}
          {!state && webhook.enabled && " Send a test to try it out."}
        </Text>
      )}
      <ol className={classes.deliveries}>
        {items?.map((one) => (
          <DeliveryLine key={one.delivery_id} delivery={one} webhook={webhook} />
        ))}
      </ol>
      {hasNextPage && (
        <Group justify="center" mt="sm">
          <Button
            size="xs"
            variant="default"
            loading={isFetchingNextPage}
            onClick={() => fetchNextPage()}
          >
            Show more
          </Button>
        </Group>
      )}
      <Facts webhook={webhook} />
    </section>
  );
}

function Facts({ webhook }: { webhook: Webhook }) {
  const { workspace } = useSession();
  const { webhook_id, created_at, former_secret_until } = webhook;
  return (
    <p className={classes.small}>
      <code>{webhook_id}</code>, added {moment(created_at, workspace.time_zone)}.
      {former_secret_until &&
        ` The secret before signs as well until ${moment(former_secret_until, workspace.time_zone)}.`}
    </p>
  );
}
