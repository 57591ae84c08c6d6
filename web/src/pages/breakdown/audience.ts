/** Where the customers behind a figure are exported: an audience for the next campaign. */
import { promotionPath } from "../../api/client";

export type Status = "assigned" | "redeemed" | "unredeemed" | "open" | "expired" | "excess";

export interface Group {
  by: string;
  /** null for those that have none; the API takes that as an empty key. */
  key: string | null;
  date?: string;
}

/** The address of a CSV of the customers with this status, of one row of a breakdown if given. */
export function audience(promotionId: string, status: Status, group?: Group): string {
  const words = new URLSearchParams({ status, format: "csv" });
  if (group) {
    words.set("by", group.by);
    words.set("key", group.key ?? "");
    if (group.date) words.set("date", group.date);
  }
  return `${promotionPath(promotionId, "customers")}?${words}`;
}
