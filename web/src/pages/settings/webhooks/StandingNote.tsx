import { Button, Group } from "@mantine/core";
import { useSession } from "../../../api/session";
import type { Webhook } from "../../../api/types";
import { moment } from "../../../format";
import { Note } from "../../../look/Note";
import { useEnabling } from "./webhooks";
import { DISABLED } from "./words";

/** What to know of a webhook that is told nothing, or takes nothing, and what to do. */
export function StandingNote({ webhook }: { webhook: Webhook }) {
  const { workspace } = useSession();
  const { enabled, failing_since, disabled_reason } = webhook;
  if (!enabled) return <Disabled webhook={webhook} reason={disabled_reason ?? ""} />;
  if (!failing_since) return null;
  return (
    <Note tone="bad">
      It has taken nothing since {moment(failing_since, workspace.time_zone)}. Each message is tried
      for three days, one at a time; when it takes one, all that waits comes at once. If it takes
      none for three days, it is disabled.
    </Note>
  );
}

function Disabled({ webhook, reason }: { webhook: Webhook; reason: string }) {
  const enabling = useEnabling(webhook);
  const why = DISABLED[reason];
  return (
    <Note tone={reason === "by_request" ? "quiet" : "warn"}>
      <Group justify="space-between" gap="sm">
        <span style={{ flex: "1 1 260px" }}>
          <strong>Disabled{why && `: ${why.brief}`}.</strong> {why?.mend}
        </span>
        <Button size="xs" loading={enabling.isPending} onClick={enabling.start}>
          Enable
        </Button>
      </Group>
    </Note>
  );
}
