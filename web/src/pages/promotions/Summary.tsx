import { ActionIcon, Anchor, Group, Skeleton, Text, Tooltip } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useStreamState } from "../../api/live";
import { useSession } from "../../api/session";
import type { PromotionPage } from "../../api/types";
import { counted, instant } from "../../format";
import { useKnown } from "../known/useKnown";
import type { ChangeView } from "./useView";
import { STATUSES, type View } from "./view";

interface Props {
  view: View;
  change: ChangeView;
  answer: PromotionPage | undefined;
  onRefresh: () => void;
}

/** How many promotions the view has, what it leaves out, and of when its figures are. */
export function Summary({ view, change, answer, onRefresh }: Props) {
  return (
    <Group justify="space-between" gap="xs" mb="xs" mih={28}>
      <Group gap={6}>
        <Text size="sm" fw={600} role="status" component="div">
          {answer ? counted(answer.total, "promotion") : <Skeleton w={110} h={16} />}
        </Text>
        {answer !== undefined && answer.total > 0 && !view.status.includes("archived") && (
          <Text size="sm" c="dimmed">
            Archived ones are hidden.{" "}
            <Anchor
              component="button"
              type="button"
              size="sm"
              c="var(--ps-accent)"
              onClick={() => change({ status: STATUSES.filter(isShownWith(view)) })}
            >
              Show them
            </Anchor>
          </Text>
        )}
      </Group>
      {answer && <Freshness answer={answer} onRefresh={onRefresh} />}
    </Group>
  );
}

const isShownWith = (view: View) => (one: string) =>
  one === "archived" || view.status.includes(one);

function Freshness({ answer, onRefresh }: { answer: PromotionPage; onRefresh: () => void }) {
  const { workspace } = useSession();
  const isLive = useStreamState() === "live";
  const [known] = useKnown();
  const at = instant(answer.as_of, workspace.time_zone);
  if (known !== null) return null; // said above, and nothing moves it
  return (
    <Group gap={4} wrap="nowrap">
      <Text size="sm" c="dimmed" title={at}>
        {isLive ? "Figures are live, sorted at " : "Figures as of "}
        <span className="figure">{at.split(", ")[1]}</span>
      </Text>
      <Tooltip label="Ask again: brings figures, order and new promotions up to now">
        <ActionIcon
          variant="subtle"
          color="gray"
          c="inherit"
          aria-label="Refresh the list"
          onClick={onRefresh}
        >
          <IconRefresh size={16} stroke={1.7} />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}
