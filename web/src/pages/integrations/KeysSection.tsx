import { Button, Skeleton, Text } from "@mantine/core";
import { useState } from "react";
import { useMay } from "../../api/session";
import type { Key } from "../../api/types";
import { Failure } from "../../look/Failure";
import { Section } from "../../look/Section";
import { KeyTable } from "../keys/KeyTable";
import { useKeys } from "../keys/keys";
import { MakeKey } from "../keys/MakeKey";
import { RevokeKey } from "../keys/RevokeKey";
import classes from "./integrations.module.css";

/** The keys that a source signs in with. */
export function KeysSection({ source }: { source: string }) {
  const mayRead = useMay("integrations");
  const { data, error, refetch } = useKeys(mayRead);
  const [isMaking, setMaking] = useState(false);
  const [like, setLike] = useState<Key>();
  const [revoked, setRevoked] = useState<Key>();
  const own = data?.filter((one) => one.source === source && one.state !== "revoked") ?? [];
  const make = (key?: Key) => {
    setLike(key);
    setMaking(true);
  };
  return (
    <Section
      title="Keys"
      about="To change keys without a gap, make another, let the system use it, then revoke the old one."
      isFlush={own.length > 0}
      aside={
        mayRead && (
          <Button size="xs" variant="default" onClick={() => make()}>
            Make a key
          </Button>
        )
      }
    >
      {!mayRead && <Text size="sm">Developers and administrators see the keys.</Text>}
      {error && <Failure error={error} again={refetch} />}
      {mayRead && !data && !error && <Skeleton height={60} />}
      {data && own.length === 0 && <Text size="sm">It has no key that works.</Text>}
      {own.length > 0 && (
        <div className={classes.flush}>
          <KeyTable keys={own} onAnother={make} onRevoke={setRevoked} />
        </div>
      )}
      <MakeKey isOpen={isMaking} close={() => setMaking(false)} like={like} source={source} />
      <RevokeKey revoked={revoked} close={() => setRevoked(undefined)} />
    </Section>
  );
}
