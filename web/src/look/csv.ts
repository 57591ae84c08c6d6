/** A table as a CSV file (RFC 4180), made in the browser. */

export type Cell = string | number | null;

const FORMULA = /^[=+\-@\t\r]/;
/** An exact amount is a text, too, and below zero no formula. */
const AMOUNT = /^-?\d+(\.\d+)?$/;

/** No spreadsheet takes a text for a formula: as the server does it. */
function cell(value: Cell): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const safe = FORMULA.test(value) && !AMOUNT.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csv(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => row.map(cell).join(",")).join("\r\n");
}

/** What a file of a table is called: after what it is of, and the day it was kept. */
export function fileName(...parts: (string | null | undefined)[]): string {
  const words = parts.filter(Boolean).join("-");
  return `${words.replaceAll(/[^\p{L}\p{N}_-]+/gu, "-")}.csv`;
}

/** Gives a text to the browser as a file to keep. */
export function save(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1_000);
}
