import { Button, CloseButton, Group, Tooltip } from "@mantine/core";
import { IconArrowsDiff } from "@tabler/icons-react";
import { Link } from "react-router";
import { compareAddress, MOST_COMPARED, type Selection } from "./useSelection";

/** Leads to the selected promotions side by side. */
export function CompareButton({ selection: { chosen, choose } }: { selection: Selection }) {
  const icon = <IconArrowsDiff size={16} stroke={1.7} />;
  const label = chosen.length > 0 ? `Compare ${chosen.length}` : "Compare";
  return (
    <Group gap={4} wrap="nowrap">
      {chosen.length < 2 ? (
        <Tooltip label={`Select 2 to ${MOST_COMPARED} promotions to set them side by side`}>
          <Button variant="default" leftSection={icon} data-disabled aria-disabled>
            {label}
          </Button>
        </Tooltip>
      ) : (
        <Button component={Link} to={compareAddress(chosen)} leftSection={icon}>
          {label}
        </Button>
      )}
      {chosen.length > 0 && <CloseButton aria-label="Clear selection" onClick={() => choose([])} />}
    </Group>
  );
}
