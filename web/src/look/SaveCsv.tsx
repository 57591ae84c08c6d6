import { Button } from "@mantine/core";
import { IconDownload, IconTableExport } from "@tabler/icons-react";
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
  /** In words, where there are no files of the server beside it. */
  isLong?: boolean;
}

/** Keeps a table as a CSV file that the browser makes, called after the table and today's date. */
export function SaveCsv({ of, whose, rows, disabled, isLong = false }: Props) {
  const { workspace } = useSession();
  const word = isLong ? "Save as CSV" : "CSV";
  const keep = () => {
    const today = dayjs().tz(workspace.time_zone).format("YYYY-MM-DD");
    save(fileName(whose, of, today), csv(rows()));
  };
  const Icon = isLong ? IconTableExport : IconDownload;
  return (
    <Button
      variant="default"
      size="xs"
      disabled={disabled}
      leftSection={<Icon size={isLong ? 15 : 14} aria-hidden />}
      aria-label={`${word}: ${of}`}
      onClick={keep}
    >
      {word}
    </Button>
  );
}
