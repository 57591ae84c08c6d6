import { useSession } from "../../../api/session";
import type { Line } from "../../../api/types";
import { count } from "../../../format";
import { said } from "./moments";
import { change, changeText, type Pair } from "./pairs";
import classes from "./then.module.css";

interface Props {
  asOf: string;
  total: Pair;
  /** Whether anything below moved. */
  isMoved: boolean;
}

/** The answer in a sentence. */
export function Verdict({ asOf, total, isMoved }: Props) {
  const { workspace } = useSession();
  const at = said(asOf, workspace.time_zone);
  return <p className={classes.verdict}>{isMoved ? moved(at, total) : same(at, total)}</p>;
}

function same(at: string, { known }: Pair): string {
  if (isNothing(known)) return `Nothing had been reported by ${at}, and nothing has been since.`;
  return `Nothing has moved: every figure below is as it was known on ${at}.`;
}

function moved(at: string, total: Pair): string {
  const { known, now } = total;
  if (isNothing(known)) return `Nothing had been reported by ${at}. All of it came since.`;
  if (known?.rate == null && now?.rate == null)
    return `What was known on ${at}, beside what is known now. There is no rate to compare.`;
  const by = change(total, "rate");
  const moves = by === null ? "" : `, ${by === 0 ? "the same" : changeText(by, "rate")}`;
  return `On ${at} the rate was known as ${rate(known)}. Now it is ${rate(now)}${moves}.`;
}

const rate = (line: Line | null): string =>
  line && line.rate !== null
    ? `${line.display} (${count(line.redeemed)} of ${count(line.assigned)})`
    : "none";

const isNothing = (line: Line | null): boolean =>
  !line ||
  (line.assigned === 0 && line.redemptions === 0 && line.reversed === 0 && line.pending === 0);
