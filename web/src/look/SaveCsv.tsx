import { Button } from "@mantine/core";
import { IconTableExport } from "@tabler/icons-react";
import dayjs from "dayjs";
import { useSession } from "../api/session";
import { type Cell, csv, fileName, save } from "./csv";

interface Props {
  /** What the table shows: "weekly cohorts". */
  of: string;
  /** Whose it is, where a page could show another's: the id of a promotion. */
  whose?: string;
  /** What the table shows, exact, its head first; made when it is asked for. */
  rows: () => readonly (readonly Cell[])[];
  disabled?: boolean;
}

/** Keeps a table as a CSV file that the browser makes, called after the table and today's date. */
export function SaveCsv({ of, whose, rows, disabled }: Props) {
  const { workspace } = useSession();
  const keep = () => {
    const today = dayjs().tz(workspace.time_zone).format("YYYY-MM-DD");
    save(fileName(whose, of, today), csv(rows()));
  };
  return (
    <Button
      variant="default"
      size="xs"
      disabled={disabled}
      leftSection={<IconTableExport size={15} aria-hidden />}
      aria-label={`Save as CSV: ${of}`}
      onClick={keep}
    >
      Save as CSV
    </Button>
  );
}
