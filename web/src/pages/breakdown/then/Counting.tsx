import { Loader } from "@mantine/core";
import { useSession } from "../../../api/session";
import { said } from "./moments";
import classes from "./then.module.css";

/** Says that it is being counted what was known at a moment, and when it is there. */
export function Counting({ asOf, isCounting }: { asOf: string; isCounting: boolean }) {
  const { workspace } = useSession();
  const at = said(asOf, workspace.time_zone);
  return (
    <div role="status" className={classes.counting} data-counting={isCounting || undefined}>
      {isCounting ? (
        <>
          <Loader size="xs" type="dots" aria-hidden />
          Counting what was known on {at}. Many customers take some seconds.
        </>
      ) : (
        <span className="only-read-aloud">Counted what was known on {at}.</span>
      )}
    </div>
  );
}
