import { Button, Skeleton, Stack, Tooltip } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link } from "react-router";
import { useMay } from "../../api/session";
import { Failure } from "../../look/Failure";
import { PageHeader } from "../../look/PageHeader";
import { Surface } from "../../look/Surface";
import { FirstSystem } from "./FirstSystem";
import classes from "./integrations.module.css";
import { Reference } from "./Reference";
import { SourceRow } from "./SourceRow";
import { useSources } from "./sources";

/** The systems that report to this workspace: how each stands, and the way to connect another. */
export function Component() {
  const { data, isPending, error, refetch } = useSources();
  const isFirst = data?.length === 0;
  return (
    <>
      <PageHeader
        title="Integrations"
        about="The systems that report to this workspace, and whether they are heard."
      >
        {!isFirst && <ConnectButton />}
      </PageHeader>
      {error && <Failure error={error} again={refetch} />}
      {isPending && <Waiting />}
      {isFirst && <FirstSystem />}
      {data && !isFirst && (
        <Stack gap="md">
          <Surface>
            <ul className={classes.rows}>
              {data.map((source) => (
                <SourceRow key={source.name} source={source} />
              ))}
            </ul>
          </Surface>
          <Reference />
        </Stack>
      )}
    </>
  );
}

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

function Waiting() {
  return (
    <Surface>
      {["a", "b", "c"].map((key) => (
        <div key={key} className={classes.row}>
          <Skeleton height={62} style={{ gridColumn: "1 / -1" }} />
        </div>
      ))}
    </Surface>
  );
}
