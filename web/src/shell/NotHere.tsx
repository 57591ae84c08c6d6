import { Button } from "@mantine/core";
import { IconMapOff } from "@tabler/icons-react";
import { Link } from "react-router";
import { Empty } from "../look/Empty";

/** An address that leads nowhere. */
export function NotHere() {
  return (
    <Empty icon={IconMapOff} title="There is no page at this address">
      <Button component={Link} to="/promotions" variant="default">
        To the promotions
      </Button>
    </Empty>
  );
}
