import type { components } from "./schema";

/** The API's answers, as its OpenAPI document describes them (`schema.ts` is made from it by `./dev types`). */
type Schemas = components["schemas"];

export type Figures = Schemas["Figures"] & { interval?: [number, number] | null };
export type Promotion = Omit<Schemas["PromotionAnswer"], "figures"> & {
  figures: Figures;
  trend?: number[];
};
export type Usage = Schemas["Usage"];
export interface PromotionPage {
  items: Promotion[];
  next: string | null;
  total: number;
  as_of: string;
}
export type Breakdown = Schemas["Breakdown"];
export type Line = Schemas["Line"];

/** What became of a promotion's assignments (assigned = redeemed + open + expired), and what else was reported. */
export interface Funnel {
  promotion_id: string;
  state: string;
  assigned: number;
  redeemed: number;
  open: number;
  expired: number;
  redemptions: number;
  excess: number;
  unassigned: number;
  flagged: number;
  pending: number;
  reversed: number;
  as_of: string;
}

export type Workspace = Schemas["WorkspaceAnswer"];
export type Cadence = "realtime" | "hourly" | "daily";

/** What the last event that a source sent with `?dry_run=true` would have come to. */
export interface SourceTest {
  event_id: string | null;
  outcome: string;
  reason: string | null;
  detail: string;
  received_at: string;
  promotion_id: string | null;
  customer_id: string | null;
}

/** A system that reports; it is `setup` until it is marked live. */
export type Source = Omit<Schemas["SourceAnswer"], "cadence"> & {
  cadence: Cadence;
  state?: "setup" | "live";
  overdue?: boolean;
  due_at?: string | null;
  test?: SourceTest | null;
};

/** What a source sent, by hour or day and outcome; hours in which it sent nothing are left out. */
export interface Activity {
  source: string;
  by: "hour" | "day";
  items: { from: string; outcomes: Record<string, number> }[];
}
export type Key = Schemas["KeyAnswer"];
export type NewKey = Schemas["NewKeyAnswer"];
export type Import = Schemas["ImportAnswer"];
export type Problem = Schemas["InboxItem"] & { advice?: string };
export type ProblemCount = Schemas["InboxCount"];
export interface ProblemPage {
  items: Problem[];
  next: string | null;
  counts: ProblemCount[];
}
export interface ImportPage {
  items: Import[];
  next: string | null;
}
export type Receipt = Schemas["ReceiptAnswer"];

export type Role = "viewer" | "marketer" | "developer" | "admin";

export interface User {
  email: string;
  name: string;
  role: Role;
  created_at: string;
  last_seen_at: string | null;
}

export interface Session {
  user: { email: string; name: string; role: Role };
  scopes: string[];
  workspace: Workspace;
  expires_at: string;
}
