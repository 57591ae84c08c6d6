/** The columns one can choose, in the order they stand in. Names are those of the API, where it sorts by them. */
export const COLUMN_IDS = [
  "name",
  "kind",
  "status",
  "assigned",
  "rate",
  "trend",
  "usage",
  "redemptions",
  "reward_cost",
  "last_event_at",
  "customers",
  "excess",
  "unassigned",
  "flagged",
  "pending",
  "reversed",
  "order_value",
  "starts_at",
  "ends_at",
  "tracked_since",
  "created_at",
] as const;

export type ColumnId = (typeof COLUMN_IDS)[number];

export const DEFAULT_COLUMNS: readonly ColumnId[] = COLUMN_IDS.slice(0, 10);

interface ColumnFacts {
  title: string;
  width: number;
  /** How it is sorted when its header is used first; without, it cannot be sorted by. */
  first?: "asc" | "desc";
  isNumber?: boolean;
  /** What it counts, for whom the title says too little. */
  about?: string;
}

/** What each column is called and how it stands. */
export const COLUMNS: Record<ColumnId, ColumnFacts> = {
  name: { title: "Name", width: 172, first: "asc" },
  kind: { title: "Kind", width: 94, first: "asc" },
  status: { title: "Status", width: 98, first: "asc" },
  assigned: {
    title: "Assigned",
    width: 76,
    first: "desc",
    isNumber: true,
    about: "Rewards given: assignments, without the control group and withdrawn ones.",
  },
  rate: {
    title: "Redemption Rate",
    width: 98,
    first: "desc",
    isNumber: true,
    about:
      "The share of assignments that were redeemed, and not reversed since. A dash: nothing was ever reported. Click a rate to see what it is made of.",
  },
  trend: { title: "Last 30 days", width: 96 },
  usage: {
    title: "Budget & Cap Usage",
    width: 168,
    first: "desc",
    about:
      "Of each promotion the limit that is used most: its dark part is redeemed, its light part committed, which is assigned or reserved. Yellow from 80% on, red when it is used up.",
  },
  redemptions: {
    title: "Redemptions",
    width: 98,
    first: "desc",
    isNumber: true,
    about:
      "Every redemption that stands. Excess, unassigned and flagged ones are among them, and not in the rate.",
  },
  reward_cost: {
    title: "Reward cost",
    width: 96,
    first: "desc",
    isNumber: true,
    about: "What redemptions cost, less what was reversed. Points and spins are not money.",
  },
  last_event_at: { title: "Last event", width: 98, first: "desc", isNumber: true },
  customers: { title: "Customers", width: 112, first: "desc", isNumber: true },
  excess: { title: "Excess", width: 88, first: "desc", isNumber: true },
  unassigned: { title: "Unassigned", width: 108, first: "desc", isNumber: true },
  flagged: { title: "Flagged", width: 92, first: "desc", isNumber: true },
  pending: { title: "Pending", width: 92, first: "desc", isNumber: true },
  reversed: { title: "Reversed", width: 96, first: "desc", isNumber: true },
  order_value: { title: "Order value", width: 120, first: "desc", isNumber: true },
  starts_at: { title: "Starts", width: 150, first: "desc" },
  ends_at: { title: "Ends", width: 150, first: "desc" },
  tracked_since: { title: "Tracked since", width: 150, first: "desc" },
  created_at: { title: "Created", width: 150, first: "desc" },
};
