import { Button, Group, Skeleton, Switch } from "@mantine/core";
import { IconKey, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { useMay } from "../../api/session";
import type { Key } from "../../api/types";
import { CsvLink } from "../../look/CsvLink";
import { Empty } from "../../look/Empty";
import { Failure } from "../../look/Failure";
import { Section } from "../../look/Section";
import { KeyTable } from "../keys/KeyTable";
import { useKeys } from "../keys/keys";
import { MakeKey } from "../keys/MakeKey";
import { RevokeKey } from "../keys/RevokeKey";
import { ClosedTab } from "./ClosedTab";

/** All keys of the workspace. Those that work are shown; the others on demand. */
export function KeysTab() {
  const mayRead = useMay("integrations");
  const { data, error, refetch } = useKeys(mayRead);
  const [query, setQuery] = useSearchParams();
  const [making, setMaking] = useState<{ like?: Key }>();
  const [revoked, setRevoked] = useState<Key>();
  if (!mayRead) return <NotAllowed />;
  const areAllShown = query.get("ended") === "1";
  const ended = data?.filter((one) => one.state !== "active").length ?? 0;
  const shown = data?.filter((one) => areAllShown || one.state === "active");
  return (
    <Section
      title="Keys"
      about="What systems sign in with. A key's secret is shown once, when it is made."
      isFlush
      aside={
        <Group gap="md">
          {ended > 0 && (
            <Switch
              size="sm"
              label={`Revoked and expired (${ended})`}
              checked={areAllShown}
              onChange={(event) =>
                setQuery(
                  event.currentTarget.checked ? { tab: "keys", ended: "1" } : { tab: "keys" },
                  {
                    replace: true,
                  },
                )
              }
            />
          )}
          <CsvLink path="/v1/keys" of="keys" />
          <Button size="xs" leftSection={<IconPlus size={14} />} onClick={() => setMaking({})}>
            Make a key
          </Button>
        </Group>
      }
    >
      {error && <Failure error={error} again={refetch} />}
      {!data && !error && <Skeleton height={160} m="md" />}
      {shown?.length === 0 && (
        <Empty
          icon={IconKey}
          title="No key works at present"
          why="Systems report with a key. Make one here, or connect a system, which makes one on the way."
        />
      )}
      {shown && shown.length > 0 && (
        <KeyTable
          keys={shown}
          hasSources
          onAnother={(like) => setMaking({ like })}
          onRevoke={setRevoked}
        />
      )}
      <MakeKey isOpen={Boolean(making)} close={() => setMaking(undefined)} like={making?.like} />
      <RevokeKey revoked={revoked} close={() => setRevoked(undefined)} />
    </Section>
  );
}

function NotAllowed() {
  return (
    <ClosedTab
      title="Developers and administrators manage the keys"
      why="Your role may not see them. An administrator can change your role."
    />
  );
}
