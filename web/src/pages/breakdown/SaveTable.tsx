import type { Breakdown, Line } from "../../api/types";
import { SaveCsv } from "../../look/SaveCsv";
import { tableOf } from "./lines/file";

interface Props {
  promotionId: string;
  breakdown: Breakdown;
  name: (line: Line) => string;
}

/** Keeps a breakdown as a CSV file. */
export function SaveTable({ promotionId, breakdown, name }: Props) {
  const { by, date, rows } = breakdown;
  const isTime = by === "day" || by === "week" || by === "month";
  return (
    <SaveCsv
      whose={promotionId}
      of={isTime ? `by ${by} ${date}` : `by ${by}`}
      rows={() => tableOf(breakdown, rows, name)}
    />
  );
}
