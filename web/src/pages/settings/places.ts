import { capital } from "../../format";

/** Time zones, currencies and week days to choose from, as the browser knows them. */

export const TIME_ZONES: readonly string[] = ["UTC", ...Intl.supportedValuesOf("timeZone")];

const names = new Intl.DisplayNames("en", { type: "currency" });

export const CURRENCIES = Intl.supportedValuesOf("currency").map((code) => ({
  value: code,
  label: `${code}, ${names.of(code)}`,
}));

export const WEEK_STARTS = [
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
  "sunday",
].map((name) => ({ value: name, label: capital(name) }));
