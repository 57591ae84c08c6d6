import type { Delivery, Webhook } from "../../../api/types";
import { capital, count } from "../../../format";
import type { Tone } from "../../../look/Tag";

/** Webhooks and their messages in words. */

interface Told {
  type: string;
  label: string;
  /** In a list of what a webhook is told of. */
  brief: string;
  about: string;
}

/** What a webhook can be told. */
export const EVENTS: readonly Told[] = [
  {
    type: "redemption.counted",
    label: "Redemption counted",
    brief: "redemptions that count",
    about: "At once, or when what it waited for has come.",
  },
  {
    type: "redemption.reversed",
    label: "Redemption reversed",
    brief: "reversals",
    about: "A reversal took effect, whole or in part.",
  },
  {
    type: "promotion.cap_threshold",
    label: "Limit passed",
    brief: "limits passed",
    about: "A promotion has used 50, 80, 90 or 100% of a limit.",
  },
  {
    type: "source.overdue",
    label: "Source overdue",
    brief: "overdue sources",
    about: "A source was silent for longer than its cadence allows.",
  },
  {
    type: "anomaly.found",
    label: "Anomaly found",
    brief: "anomalies",
    about: "Redemptions dropped or leapt, with since when and where it comes from.",
  },
];

/** "Redemptions that count, reversals". */
export function toldOf({ events }: Webhook): string {
  const known = EVENTS.filter(({ type }) => events.includes(type));
  return capital(known.map(({ brief }) => brief).join(", "));
}

export const labelOf = (type: string): string =>
  type === "ping" ? "Test" : (EVENTS.find((one) => one.type === type)?.label ?? type);

/** Whether a webhook takes what it is sent, in a word or two; `isUntold`: nothing was sent yet. */
export function standingOf(
  { enabled, failing_since }: Webhook,
  isUntold: boolean,
): [word: string, tone: Tone] {
  if (!enabled) return ["Disabled", "quiet"];
  if (failing_since) return ["Failing", "bad"];
  return isUntold ? ["Ready", "accent"] : ["Taking messages", "good"];
}

/** Why a webhook is disabled, and what to do. */
export const DISABLED: Record<string, { brief: string; mend: string }> = {
  by_request: {
    brief: "by a user or a key",
    mend: "It is told nothing. What comes true meanwhile is not told later; what waited before is sent once it is enabled.",
  },
  gone: {
    brief: "it answered 410",
    mend: "The receiver said that it wants no more. Enable it when it does again.",
  },
  failing: {
    brief: "it took nothing for three days",
    mend: "Mend the receiver, enable the webhook, and resend the messages that failed.",
  },
};

const STATES: Record<Delivery["state"], [word: string, tone: Tone]> = {
  waiting: ["Waiting", "warn"],
  delivered: ["Delivered", "good"],
  failed: ["Failed", "bad"],
};

export const stateOf = ({ state }: Delivery): [word: string, tone: Tone] => STATES[state];

/** "Answered 500 in 12 ms, 3 attempts"; empty before the first attempt. */
export function outcomeOf(delivery: Delivery): string {
  const { attempts, last_status, last_error, took_ms } = delivery;
  if (last_status === null && last_error === null) return "";
  const took = took_ms === null ? "" : `${count(took_ms)} ms`;
  const why = last_error ? `: ${last_error}` : "";
  const said =
    last_status === null ? `${last_error} (${took})` : `answered ${last_status} in ${took}${why}`;
  return capital(attempts > 1 ? `${said}, ${count(attempts)} attempts` : said);
}
