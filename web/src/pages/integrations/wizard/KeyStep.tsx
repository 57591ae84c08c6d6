import { Button, Stack } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Source } from "../../../api/types";
import { FormFailure } from "../../../look/FormFailure";
import { Note } from "../../../look/Note";
import { REPORTING, useKeys, useMakeKey } from "../../keys/keys";
import { ShownOnce } from "../../keys/ShownOnce";
import { StepFrame } from "./StepFrame";

interface Props {
  source: Source;
  secret: string | undefined;
  setSecret: (secret: string) => void;
  /** The choice between ways to sign in, of which this is one. */
  choice?: ReactNode;
  onBack: () => void;
  onDone: () => void;
}

/** Step 3: the key that the source signs in with. Its secret is kept in this page's memory only. */
export function KeyStep({ source, secret, setSecret, choice, onBack, onDone }: Props) {
  const { data: keys } = useKeys(true);
  const making = useMakeKey();
  const older = keys?.filter((one) => one.source === source.name && one.state === "active") ?? [];
  const make = () => {
    const wanted = { name: source.name, scopes: REPORTING, source: source.name };
    making.mutate(
      { ...wanted, ip_ranges: [], expires_at: null },
      { onSuccess: ({ key }) => key && setSecret(key) },
    );
  };
  return (
    <StepFrame
      title={`A key for ${source.name}`}
      about="Whatever is sent with this key is told apart as sent by this source. It may report redemptions and assignments, and nothing else: it can read no figures and change no promotion."
      onBack={onBack}
      next={{ label: "Continue", isOff: !secret && older.length === 0, onClick: onDone }}
    >
      {!secret && choice}
      {secret ? (
        <ShownOnce secret={secret} />
      ) : (
        <Stack gap="md" align="flex-start">
          {older.length > 0 && <Older number={older.length} />}
          <Button leftSection={<IconKey size={16} />} onClick={make} loading={making.isPending}>
            {older.length > 0 ? "Make another key" : "Make the key"}
          </Button>
        </Stack>
      )}
      <FormFailure error={making.error} />
    </StepFrame>
  );
}

function Older({ number }: { number: number }) {
  return (
    <Note>
      This source has {number === 1 ? "a key" : `${number} keys`} already, which cannot be shown
      again. If you have kept it, go on and put it into the snippet yourself. Otherwise make
      another, and revoke the old one under <Link to="/settings?tab=keys">Settings, Keys</Link>.
    </Note>
  );
}
