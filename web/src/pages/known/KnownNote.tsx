import { Anchor } from "@mantine/core";
import { useSession } from "../../api/session";
import { Note } from "../../look/Note";
import { said } from "../breakdown/then/moments";
import { useKnown } from "./useKnown";

/** Where the page is told as of a moment: says so within a promotion, what is not, and leads back to now. */
export function KnownNote() {
  const { workspace } = useSession();
  const [known, know] = useKnown();
  if (known === null) return null;
  return (
    <Note title={`As known on ${said(known, workspace.time_zone)}`}>
      The rate, usage, funnel, chart and return are of that moment. By group stands beside now and
      says why it moved since. Anomalies and restatements are told as of now.{" "}
      <Anchor
        component="button"
        type="button"
        size="sm"
        c="var(--ps-accent)"
        onClick={() => know(null)}
      >
        Back to now
      </Anchor>
    </Note>
  );
}
