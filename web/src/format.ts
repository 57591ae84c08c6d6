/** Numbers, money and times as people of this workspace read them. Times are shown in the workspace's zone. */
import dayjs from "dayjs";
import timezone from "dayjs/plugin/timezone";
import utc from "dayjs/plugin/utc";

dayjs.extend(utc);
dayjs.extend(timezone);

/** What stands where there is nothing to show. */
export const DASH = "\u2013";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });

/** A whole number, or the decimal string of one with however many digits. */
export const count = (value: number | string): string =>
  whole.format(value as number | `${number}`);
/** "1 assignment", "1,200 assignments". */
export const counted = (value: number, noun: string): string =>
  `${count(value)} ${value === 1 ? noun : `${noun}s`}`;
export const compact = (value: number): string =>
  value < 10_000 ? count(value) : short.format(value);
export const share = (value: number): string => percent.format(value);

/** A 95% interval of a rate: "31.4% to 32.6%". */
export const interval = ([low, high]: readonly number[]): string =>
  `${share(low ?? 0)} to ${share(high ?? 1)}`;

const formats = new Map<string, Intl.NumberFormat>();

/** A format for money, made once: making one takes longer than using it. Throws RangeError for what is no currency. */
function moneyFormat(currency: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${currency} ${options.notation} ${options.maximumFractionDigits}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat("en", { style: "currency", currency, ...options });
    formats.set(key, format);
  }
  return format;
}

/** An exact decimal string with a currency: "32,000.00 EUR" as "€32,000.00". `brief` drops the cents of large sums. */
export function money(amount: string, currency: string, brief = false): string {
  const value = Number(amount); // for comparing only: sums may have more digits than a number
  const digits = brief && Math.abs(value) >= 1_000 ? 0 : undefined;
  try {
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return moneyFormat(currency, options).format(amount as `${number}`);
  } catch {
    return `${amount} ${currency}`;
  }
}

/** Amounts by currency, the workspace's own first. */
export function amounts(
  by: Record<string, string>,
  own: string,
): [currency: string, amount: string][] {
  return Object.entries(by).sort(
    ([a], [b]) => Number(b === own) - Number(a === own) || (a < b ? -1 : 1),
  );
}

/** An amount as short as a column wants it: "€32k". */
export function shortMoney(amount: string, currency: string): string {
  const value = Number(amount);
  if (Math.abs(value) < 10_000) return money(amount, currency, true);
  try {
    const options = { notation: "compact", maximumFractionDigits: 1 } as const;
    return moneyFormat(currency, options).format(value);
  } catch {
    return `${short.format(value)} ${currency}`;
  }
}

/** An amount beside an axis, where cents would say nothing: "€0", "€32K". */
export const tickMoney = (value: number, currency: string): string =>
  Number.isInteger(value) && Math.abs(value) < 10_000
    ? moneyFormat(currency, { minimumFractionDigits: 0, maximumFractionDigits: 0 }).format(value)
    : shortMoney(String(value), currency);

export const instant = (text: string, zone: string): string =>
  dayjs(text).tz(zone).format("D MMM YYYY, HH:mm:ss");
export const moment = (text: string, zone: string): string =>
  dayjs(text).tz(zone).format("D MMM YYYY, HH:mm");
/** The day an instant falls on. */
export const date = (text: string, zone: string): string =>
  dayjs(text).tz(zone).format("D MMM YYYY");
export const day = (text: string): string => dayjs(text).format("D MMM YYYY");

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** How long ago: "just now", "5 min. ago". */
export function ago(text: string, now: number): string {
  const seconds = Math.round((now - Date.parse(text)) / 1_000);
  if (Math.abs(seconds) < 10) return "just now";
  for (const [unit, size] of UNITS)
    if (Math.abs(seconds) >= size) return relative.format(-Math.round(seconds / size), unit);
  return relative.format(-seconds, "second");
}

/** With a capital at its beginning. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A word of the API for people: "unknown_customer" is "Unknown customer". */
export const titled = (word: string): string => capital(word).replaceAll("_", " ");

/** Who did something, as the API says it: a key's id says that it is one. */
export const actor = (by: string): string => by.replace(/^key (?=key_)/, "");

/** The API's details begin small; on the page a sentence does not. */
export const sentence = (text: string): string => {
  const begun = capital(text);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
};
