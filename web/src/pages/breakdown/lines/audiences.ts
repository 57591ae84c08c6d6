import type { Line } from "../../../api/types";
import type { Group } from "../audience";
import type { Audience } from "./ExportMenu";

const OUTCOMES: Record<string, [status: Audience["status"], name: string]> = {
  counted: ["redeemed", "Redeemed"],
  not_redeemed: ["unredeemed", "Not redeemed"],
  excess: ["excess", "Excess"],
};

/** The customers that can be exported of one row, and the row they are narrowed to. */
export function audiences(
  by: string,
  date: string,
  line: Line,
): { audiences: Audience[]; group?: Group } {
  if (by === "code") return { audiences: [] };
  if (by === "outcome") {
    const [status, name] = OUTCOMES[line.key ?? ""] ?? [];
    const size = status === "excess" ? line.excess : line.assigned;
    return { audiences: status && name ? [{ status, name, count: size }] : [] };
  }
  const isTime = by === "day" || by === "week" || by === "month";
  const group = { by, key: line.key, date: isTime ? date : undefined };
  const redeemed: Audience = { status: "redeemed", name: "Redeemed", count: line.redeemed };
  if (isTime && date === "redeemed") return { audiences: [redeemed], group };
  const assigned: Audience = { status: "assigned", name: "Assigned", count: line.assigned };
  const rest = line.assigned - line.redeemed;
  const unredeemed: Audience = { status: "unredeemed", name: "Not redeemed", count: rest };
  return { audiences: [assigned, redeemed, unredeemed], group };
}
