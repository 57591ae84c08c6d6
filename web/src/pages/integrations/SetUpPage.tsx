import { Button } from "@mantine/core";
import { IconLock } from "@tabler/icons-react";
import { Link, useParams } from "react-router";
import { useMay } from "../../api/session";
import { Empty } from "../../look/Empty";
import { PageHeader } from "../../look/PageHeader";
import { Surface } from "../../look/Surface";
import { Wizard } from "./wizard/Wizard";

/** Connecting a system, from its name to its first real event. */
export function Component() {
  const { source } = useParams();
  const mayConnect = useMay("integrations");
  return (
    <>
      <PageHeader
        title={source ? `Set up ${source}` : "Connect a system"}
        about="About five minutes. You can leave at any time: what you have done so far is kept."
      >
        <Button component={Link} to="/integrations" variant="default">
          Leave
        </Button>
      </PageHeader>
      {mayConnect ? <Wizard key={source} name={source} /> : <NotAllowed />}
    </>
  );
}

function NotAllowed() {
  return (
    <Surface>
      <Empty
        icon={IconLock}
        title="Your role connects no systems"
        why="Developers and administrators do, because it needs a key. Ask an administrator to do it, or to change your role."
      >
        <Button component={Link} to="/integrations" variant="default">
          To the integrations
        </Button>
      </Empty>
    </Surface>
  );
}
