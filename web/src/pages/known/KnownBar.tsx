import { Button } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { type FormEvent, useEffect, useState } from "react";
import { useSession } from "../../api/session";
import { MomentChoices, MomentField } from "../breakdown/then/MomentInputs";
import { earliest, refusal, said, shown, written } from "../breakdown/then/moments";
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
        <MomentField
          zone={zone}
          local={local}
          type={setLocal}
          first={first}
          why={refusal(error, zone)?.why}
        />
        <Button type="submit" size="xs">
          Show
        </Button>
        <MomentChoices zone={zone} first={first} choose={know} />
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
