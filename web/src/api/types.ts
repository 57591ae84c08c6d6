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
export type Source = Schemas["SourceAnswer"];
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

export interface Session {
  user: { email: string; name: string; role: Role };
  scopes: string[];
  workspace: Workspace;
  expires_at: string;
}
