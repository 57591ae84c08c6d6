/** Moments that a breakdown is looked at as of: chosen, and refused in words. */
import dayjs from "dayjs";
import { ApiError } from "../../../api/client";
import type { Promotion, Workspace } from "../../../api/types";
import { instant, moment, sentence } from "../../../format";
import { fromLocal, toLocal } from "../../promotions/form/times";

const FIELD = "YYYY-MM-DDTHH:mm";

export interface Choice {
  name: string;
  /** As a field of date and time has it, in the zone of the workspace. */
  local: string;
}

/** What people have a report of; what lies before anything was known is left out. */
export function choices(zone: string, earliest: string): Choice[] {
  const now = dayjs(toLocal(new Date().toISOString(), zone)); // on the clock of the zone
  const all = [
    { name: "Yesterday", local: now.subtract(1, "day").format(FIELD) },
    { name: "A week ago", local: now.subtract(7, "day").format(FIELD) },
    { name: "Start of the month", local: now.startOf("month").format(FIELD) },
  ];
  const first = toLocal(earliest, zone);
  return all.filter(({ local }) => local >= first);
}

/** From when on something can be known of a promotion, or of any, as far as the page can tell. */
export function earliest(
  promotion: Promotion | null,
  workspace: Workspace,
  refused?: unknown,
): string {
  const named = refused instanceof ApiError ? (instantIn(refused.of("/as_of")) ?? []) : [];
  const own = promotion ? [promotion.created_at] : [];
  const begins = [workspace.tracking_from, workspace.created_at, ...own].concat(named);
  const last = Math.max(...begins.map((text) => Date.parse(text)));
  return new Date(last + 1).toISOString(); // instants of the API are finer than those of a browser
}

const instantIn = (text = ""): string | undefined => /\d{4}-\d\d-\d\dT[\d:.]+Z/.exec(text)?.[0];

/** The moment just before something was told. */
export const justBefore = (instant: string): string =>
  new Date(Date.parse(instant) - 1).toISOString();

/** What a field holds, as the address has it: "2026-11-01T06:00:00Z". */
export const written = (local: string, zone: string): string | null =>
  fromLocal(local, zone)?.replace(".000Z", "Z") ?? null;

/** An instant of the address for the field; empty for what is none. */
export const shown = (asOf: string | null, zone: string): string => {
  if (!isInstant(asOf)) return "";
  return dayjs(asOf)
    .tz(zone)
    .format(isMinute(asOf) ? FIELD : `${FIELD}:ss`);
};

/** "20 Nov 2026, 09:00", with seconds where there are some; what is no instant as it stands in the address. */
export const said = (asOf: string, zone: string): string =>
  isInstant(asOf) ? (isMinute(asOf) ? moment : instant)(asOf, zone) : asOf;

const isMinute = (text: string): boolean => Date.parse(text) % 60_000 === 0;

const isInstant = (text: string | null): text is string =>
  text !== null && !Number.isNaN(Date.parse(text));

export interface Refused {
  why: string;
  /** There is an earliest moment that would be answered. */
  isTooEarly: boolean;
}

/** Why the API has no answer for a moment, and what to do; null where that is not what went wrong. */
export function refusal(error: unknown, zone: string): Refused | null {
  const detail = error instanceof ApiError ? error.of("/as_of") : undefined;
  if (detail === undefined) return null;
  const isTooEarly = detail.startsWith("lies before");
  return { why: isTooEarly ? tooEarly(detail, zone) : wrong(detail), isTooEarly };
}

function tooEarly(detail: string, zone: string): string {
  if (detail.includes("tracking"))
    return "Redemptions were not tracked yet. Choose a later moment.";
  if (detail.includes("workspace")) return "There was no workspace yet. Choose a later moment.";
  if (detail.includes("defined"))
    return "The promotion was not defined yet. Choose a later moment.";
  const since = instantIn(detail);
  const from = since ? `Only from ${moment(since, zone)} on` : "Only later";
  return `${from} was it kept what was known. Choose a later moment.`;
}

function wrong(detail: string): string {
  if (detail.includes("future")) return "This moment is still to come. Choose one that has passed.";
  if (detail.includes("RFC 3339") || detail.includes("offset"))
    return "The address of this page names no moment. Choose a date and a time.";
  return sentence(detail);
}
