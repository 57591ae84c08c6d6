import { Button, Tooltip } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link } from "react-router";
import { useMay } from "../../api/session";

/** Leads to the wizard; says why not to those who may not. */
export function ConnectButton() {
  const mayConnect = useMay("integrations");
  if (!mayConnect)
    return (
      <Tooltip label="Developers and administrators connect systems. An administrator can change your role.">
        <Button leftSection={<IconPlus size={16} />} data-disabled aria-disabled>
          Connect a system
        </Button>
      </Tooltip>
    );
  return (
    <Button component={Link} to="/integrations/new" leftSection={<IconPlus size={16} />}>
      Connect a system
    </Button>
  );
}
