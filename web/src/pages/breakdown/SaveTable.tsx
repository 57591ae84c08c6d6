import { Button } from "@mantine/core";
import { IconTableExport } from "@tabler/icons-react";
import type { Breakdown, Line } from "../../api/types";
import { fileName } from "./audience";
import { save } from "./csv";
import { fileOf } from "./lines/file";

interface Props {
  promotionId: string;
  breakdown: Breakdown;
  name: (line: Line) => string;
}

/** Keeps a breakdown as a CSV file. */
export function SaveTable({ promotionId, breakdown, name }: Props) {
  const { by, date, rows } = breakdown;
  const isTime = by === "day" || by === "week" || by === "month";
  const file = fileName(promotionId, "by", by, isTime ? date : null);
  return (
    <Button
      variant="default"
      size="xs"
      leftSection={<IconTableExport size={15} aria-hidden />}
      onClick={() => save(file, fileOf(breakdown, rows, name))}
    >
      Save as CSV
    </Button>
  );
}
