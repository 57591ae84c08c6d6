import { Button, Group, Skeleton } from "@mantine/core";
import { IconPlus, IconWebhook } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useSearchParams } from "react-router";
import { useMay } from "../../../api/session";
import { CsvLink } from "../../../look/CsvLink";
import { Empty } from "../../../look/Empty";
import { Failure } from "../../../look/Failure";
import { Section } from "../../../look/Section";
import { ClosedTab } from "../ClosedTab";
import { type Asked, Dialogs } from "./Dialogs";
import { WebhookRow } from "./WebhookRow";
import { useWebhooks } from "./webhooks";
import classes from "./webhooks.module.css";

/** Where the product tells others what happens, and what became of what it told. The one looked at stands in the address. */
export function WebhooksTab() {
  const mayManage = useMay("integrations");
  const { data, error, refetch } = useWebhooks(mayManage);
  const [asked, setAsked] = useState<Asked>();
  const [query, setQuery] = useSearchParams();
  if (!mayManage) return <NotAllowed />;
  const chosen = query.get("webhook");
  const choose = (id: string | null) =>
    setQuery(id ? { tab: "webhooks", webhook: id } : { tab: "webhooks" }, { replace: true });
  const add = (
    <Button
      size="xs"
      leftSection={<IconPlus size={14} />}
      onClick={() => setAsked({ what: "add" })}
    >
      Add a webhook
    </Button>
  );
  return (
    <Section
      title="Webhooks"
      about="Addresses of your systems that are told what happens here, as signed messages."
      isFlush
      aside={
        data &&
        data.length > 0 && (
          <Group gap="xs">
            <CsvLink path="/v1/webhooks" of="webhooks" />
            {add}
          </Group>
        )
      }
    >
      {error && <Failure error={error} again={refetch} />}
      {!data && !error && <Skeleton height={160} m="md" />}
      {data?.length === 0 && <None>{add}</None>}
      <ul className={classes.list}>
        {data?.map((one) => (
          <WebhookRow
            key={one.webhook_id}
            webhook={one}
            isOpen={one.webhook_id === chosen}
            toggle={() => choose(one.webhook_id === chosen ? null : one.webhook_id)}
            onAsk={(what) => setAsked({ what, webhook: one })}
          />
        ))}
      </ul>
      <Dialogs asked={asked} close={() => setAsked(undefined)} choose={choose} />
    </Section>
  );
}

function None({ children }: { children: ReactNode }) {
  return (
    <Empty
      icon={IconWebhook}
      title="No system is told anything yet"
      why="A webhook lets your loyalty programme, warehouse or chat know at once when a redemption counts or is reversed, a limit is passed or a source falls silent. Add the address that receives it, keep its secret, and send a test."
    >
      {children}
    </Empty>
  );
}

function NotAllowed() {
  return (
    <ClosedTab
      title="Developers and administrators set up webhooks"
      why="They have other systems told what happens here. An administrator can change your role."
    />
  );
}
