import { Skeleton, Stack } from "@mantine/core";
import { CsvLink } from "../../look/CsvLink";
import { Failure } from "../../look/Failure";
import { PageHeader } from "../../look/PageHeader";
import { Surface } from "../../look/Surface";
import { ConnectButton } from "./ConnectButton";
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
        {!isFirst && data && <CsvLink path="/v1/sources" of="sources" />}
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
