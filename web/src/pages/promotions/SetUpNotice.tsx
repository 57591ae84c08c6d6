import { Button, Group, Text } from "@mantine/core";
import { IconPlugConnected } from "@tabler/icons-react";
import { Link } from "react-router";
import { useMay } from "../../api/session";
import classes from "./promotions.module.css";
import { useIsNothingHeard } from "./usePromotions";

/** Says why every rate is a dash while no system has ever reported, and leads to setting one up. */
export function SetUpNotice() {
  const isNothingHeard = useIsNothingHeard();
  const may = useMay("integrations");
  if (!isNothingHeard) return null;
  return (
    <Group className={classes.notice} gap="sm" justify="space-between">
      <Group gap="sm" wrap="nowrap">
        <IconPlugConnected size={18} stroke={1.7} aria-hidden />
        <Text size="sm">
          Redemption rates appear once an integration is set up.
          {!may && " A developer or an administrator can do that."}
        </Text>
      </Group>
      {may && (
        <Button component={Link} to="/integrations/new" size="xs">
          Set up an integration
        </Button>
      )}
    </Group>
  );
}
