import { Button, Checkbox } from "@mantine/core";
import { useState } from "react";
import { ApiError } from "../../../api/client";
import type { VersionLine } from "../../../api/types";
import { sentence } from "../../../format";
import { Confirm } from "../../../look/Confirm";
import { tell } from "../../../look/tell";
import { type How, useRunVersion } from "../asked";

const UNSHOWN = ["no_gain_shown", "not_enough_support"];

/** Promotes a candidate or goes back to a version that ran, after saying what happens. */
export function RunVersion({ version: { version, state } }: { version: VersionLine }) {
  const how: How = state === "candidate" ? "promote" : "rollback";
  const [isOpen, setOpen] = useState(false);
  const [force, setForce] = useState(false);
  const running = useRunVersion();
  const refused =
    running.error instanceof ApiError && UNSHOWN.includes(running.error.code)
      ? running.error
      : null;
  const run = () =>
    running.mutate(
      { version, how, force: how === "promote" && force },
      {
        onSuccess: () => {
          setOpen(false);
          tell(`Version ${version} runs now.`);
        },
      },
    );
  const word = how === "promote" ? "Promote" : "Roll back";
  return (
    <>
      <Button
        size="xs"
        variant="default"
        onClick={() => setOpen(true)}
        aria-label={
          how === "promote" ? `Promote version ${version}` : `Roll back to version ${version}`
        }
      >
        {word}
      </Button>
      <Confirm
        isOpen={isOpen}
        close={() => setOpen(false)}
        title={
          how === "promote" ? `Promote version ${version}?` : `Roll back to version ${version}?`
        }
        doing={force && refused ? "Promote anyway" : word}
        isDangerous={Boolean(force && refused)}
        isBusy={running.isPending}
        error={refused ? null : running.error}
        onConfirm={run}
      >
        {how === "promote"
          ? "It is compared with the running version on the log, and runs from the next decision on if it is shown to bring more."
          : "It runs from the next decision on, with what has been learned since. The mode and the control group stay as they are."}
        {refused && (
          <>
            <p role="alert">
              <b>It was not promoted.</b> {sentence(refused.detail.replace(/; `force`.*/, ""))}
            </p>
            <Checkbox
              label="Promote it all the same"
              checked={force}
              onChange={(event) => setForce(event.currentTarget.checked)}
            />
          </>
        )}
      </Confirm>
    </>
  );
}
