import type { ReactNode } from "react";
import { useSession } from "../../../api/session";
import { Failure } from "../../../look/Failure";
import { Counting } from "./Counting";
import { refusal } from "./moments";
import { type Shown, ThenAndNow } from "./ThenAndNow";
import type { Moment } from "./useMoment";

interface Props extends Shown {
  moment: Moment;
  /** `now` is still of what was looked at before. */
  isPassing: boolean;
  /** What is shown where there is no moment, or none that was answered. */
  children: ReactNode;
}

/** What is known now, beside what was known at a moment where one was chosen. */
export function ThenOrNow({ moment, isPassing, children, ...shown }: Props) {
  const { workspace } = useSession();
  const { asOf, known } = moment;
  if (asOf === null) return children;
  if (known.error) {
    const isRefused = refusal(known.error, workspace.time_zone) !== null; // that stands at the choice
    return (
      <>
        {!isRefused && <Failure error={known.error} again={known.refetch} />}
        {children}
      </>
    );
  }
  const then = isPassing ? undefined : known.data;
  return (
    <>
      <Counting asOf={asOf} isCounting={!then} />
      <ThenAndNow {...shown} asOf={asOf} then={then} />
    </>
  );
}
