import { Button, TextInput } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { type FormEvent, useEffect, useState } from "react";
import { useSession } from "../../api/session";
import { choices, earliest, refusal, said, shown, written } from "../breakdown/then/moments";
import { saidZone, toLocal } from "../promotions/form/times";
import classes from "./known.module.css";

interface Props {
  known: string | null;
  know: (moment: string | null) => void;
  /** What was answered instead of figures. */
  error: Error | null;
  onClose: () => void;
}

/** Says as of which moment the page is told, chooses another, and leads back to now. */
export function KnownBar({ known, know, error, onClose }: Props) {
  const { workspace } = useSession();
  const zone = workspace.time_zone;
  const [local, setLocal] = useState("");
  useEffect(() => setLocal(shown(known, zone)), [known, zone]);
  const first = earliest(null, workspace, error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wanted = written(local, zone);
    if (wanted) know(wanted);
  };
  const back = () => {
    know(null);
    onClose();
  };
  return (
    <section
      className={classes.bar}
      aria-label="As known on"
      data-then={known !== null || undefined}
    >
      <div className={classes.said} role="status">
        {known === null ? (
          <>
            Every figure as it was known at a moment
            <small>Whatever was reversed, came late or was redefined since is left out.</small>
          </>
        ) : (
          <>
            <strong>As known on {said(known, zone)}</strong>
            <small>These figures stand still. Open a promotion to see why it moved since.</small>
          </>
        )}
      </div>
      <form className={classes.form} onSubmit={submit} noValidate>
        <TextInput
          type="datetime-local"
          size="xs"
          label={`Known on (${saidZone(zone, local)})`}
          value={local}
          min={toLocal(first, zone)}
          max={toLocal(new Date().toISOString(), zone)}
          onChange={({ currentTarget }) => setLocal(currentTarget.value)}
          error={refusal(error, zone)?.why}
          errorProps={{ role: "alert" }}
        />
        <Button type="submit" size="xs">
          Show
        </Button>
        {choices(zone, first).map((choice) => (
          <Button
            key={choice.name}
            size="xs"
            variant="default"
            onClick={() => know(written(choice.local, zone) ?? first)}
          >
            {choice.name}
          </Button>
        ))}
        <Button
          size="xs"
          variant="default"
          leftSection={<IconArrowBackUp size={15} aria-hidden />}
          onClick={back}
        >
          {known === null ? "Close" : "Back to now"}
        </Button>
      </form>
    </section>
  );
}
