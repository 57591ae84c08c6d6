import type { components } from "./schema";

/** The API's answers, as its OpenAPI document describes them (`schema.ts` is made from it by `./dev types`). */
type Schemas = components["schemas"];

export type Figures = Schemas["Figures"];
export type Promotion = Schemas["PromotionAnswer"];
export type PromotionPage = Schemas["PromotionPage"];
export type Usage = Schemas["Usage"];
export type Alert = Schemas["Alert"];
export type AlertPage = Schemas["AlertPage"];
export type Breakdown = Schemas["Breakdown"];
export type Line = Schemas["Line"];
export type Funnel = Schemas["Funnel"];
export type Return = Schemas["Return"];
export type Maturity = Schemas["Maturity"];
export type Restatement = Schemas["Restatement"];
export type Restatements = Schemas["Restatements"];
export type Comparison = Schemas["Comparison"];
export type ComparedPromotion = Schemas["Compared"];
export type Workspace = Schemas["WorkspaceAnswer"];
export type Source = Schemas["SourceAnswer"];
export type SourceTest = NonNullable<Source["test"]>;
export type Cadence = "realtime" | "hourly" | "daily";
export type Activity = Schemas["ActivityAnswer"];
export type Key = Schemas["KeyAnswer"];
export type NewKey = Schemas["NewKeyAnswer"];
export type Import = Schemas["ImportAnswer"];
export type ImportPage = Schemas["ImportPage"];
export type Problem = Schemas["InboxItem"];
export type ProblemCount = Schemas["InboxCount"];
export type ProblemPage = Schemas["InboxPage"];
export type Receipt = Schemas["ReceiptAnswer"];
export type Role = "viewer" | "marketer" | "developer" | "admin";
export type User = Schemas["UserAnswer"];
export type Session = Schemas["SessionAnswer"];
export type Decisioning = Schemas["Decisioning"];
export type DecisionSettings = Schemas["Settings"];
export type Evaluation = Schemas["DecisionEvaluation"];
export type PolicyEstimate = Schemas["PolicyEstimate"];
export type PolicyDifference = Schemas["PolicyDifference"];
export type ValueEstimate = Schemas["ValueEstimate"];
export type ValueOverTime = Schemas["ValueOverTime"];
export type ValuePeriod = Schemas["ValuePeriod"];
export type MixSegment = Schemas["MixSegment"];
export type Pacing = Schemas["Pacing"];
export type Budget = Schemas["Budget"];
export type WhatIf = Schemas["WhatIf"];
export type WhatIfAnswer = Schemas["WhatIfAnswer"];
export type Versions = Schemas["Versions"];
/** The settings of a version are told as they were kept; the document does not say which. */
export type VersionLine = Omit<Schemas["VersionLine"], "settings"> & {
  settings: Partial<DecisionSettings>;
};
export type Explanation = Schemas["Explanation"];
export type Candidate = Schemas["promosight.flows.explaining.Candidate"];
export type Happened = Schemas["Happened"];
export type Timeline = Schemas["Timeline"];
export type TimelineEntry = Schemas["Entry"];
