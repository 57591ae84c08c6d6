import { Button } from "@mantine/core";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useSession } from "../../../api/session";
import type { Promotion } from "../../../api/types";
import { MomentChoices, MomentField } from "./MomentInputs";
import { earliest, refusal, said, shown, written } from "./moments";
import classes from "./then.module.css";
import type { Moment } from "./useMoment";

interface Props {
  promotion: Promotion;
  moment: Moment;
}

/** Chooses the moment whose figures are to stand beside those of now. */
export function KnownOn({ promotion, moment }: Props) {
  return moment.isOpen && <Choice promotion={promotion} moment={moment} />;
}

function Choice({ promotion, moment }: Props) {
  const { asOf, choose, known } = moment;
  const { workspace } = useSession();
  const zone = workspace.time_zone;
  const [local, setLocal] = useState("");
  useEffect(() => setLocal(shown(asOf, zone)), [asOf, zone]);
  const field = useRef<HTMLInputElement>(null);
  const refused = refusal(known.error, zone);
  const first = earliest(promotion, workspace, known.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wanted = written(local, zone);
    if (wanted) choose(wanted);
    else field.current?.focus();
  };
  return (
    <form className={classes.known} onSubmit={submit} noValidate aria-label="As known on">
      <MomentField
        field={field}
        zone={zone}
        local={local}
        type={setLocal}
        first={first}
        why={refused?.why}
        classNames={{
          root: classes.field,
          label: classes.label,
          wrapper: classes.input,
          error: classes.wrong,
        }}
      />
      <Button type="submit" size="xs">
        Show
      </Button>
      <div className={classes.choices}>
        <MomentChoices zone={zone} first={first} choose={choose} />
      </div>
      {refused?.isTooEarly && (
        <Button
          size="compact-xs"
          variant="default"
          className={classes.mend}
          onClick={() => choose(first)}
        >
          Show the earliest, {said(first, zone)}
        </Button>
      )}
    </form>
  );
}
