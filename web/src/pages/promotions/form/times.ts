/** Times as a field of date and time has them (`2026-12-01T09:00`), which are of the workspace's zone, and as the API has them. */
import dayjs from "dayjs";
import "../../../format"; // extends dayjs by zones

const FIELD = "YYYY-MM-DDTHH:mm";

export function toLocal(instant: string | null | undefined, zone: string): string {
  return instant ? dayjs(instant).tz(zone).format(FIELD) : "";
}

export function fromLocal(local: string, zone: string): string | null {
  return local ? dayjs.tz(local, zone).toISOString() : null;
}

/** The zone with its offset at that time, or now: "Europe/Vienna, UTC+01:00". */
export function saidZone(zone: string, local: string): string {
  const at = local ? dayjs.tz(local, zone) : dayjs().tz(zone);
  return `${zone}, UTC${at.format("Z")}`;
}
