import type { Key } from "../../api/types";
import { asking } from "../../look/asking";
import { Confirm } from "../../look/Confirm";
import { useRevokeKey } from "./keys";

/** Asks before a key is ended. */
export function RevokeKey({ revoked, close }: { revoked: Key | undefined; close: () => void }) {
  const revoking = useRevokeKey();
  const { shown, done } = asking(revoking, close, `The key ${revoked?.name} is revoked.`);
  return (
    <Confirm
      isOpen={revoked !== undefined}
      {...shown}
      title="Revoke this key?"
      doing="Revoke the key"
      isDangerous
      onConfirm={() => revoked && revoking.mutate(revoked.key_id, { onSuccess: done })}
    >
      Whatever sends with the key <strong>{revoked?.name}</strong> is refused at once, and the key
      cannot be brought back. To change keys without a gap, make another first, let your system use
      it, and then revoke this one. What was reported with it stays.
    </Confirm>
  );
}
