import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { url } from "../api/client";

interface Props {
  /** The list's own address at the API. */
  path: string;
  /** What the list is filtered by. */
  query?: Record<string, string | boolean | null | undefined>;
  /** What the file holds, and is called: "keys". */
  of: string;
  /** Where there are files of several lists beside each other: "Limits". */
  label?: string;
}

/** All of a list as a CSV file, from the server, however many pages it has. */
export function CsvLink({ path, query, of, label }: Props) {
  const word = label ? `${label} CSV` : "Export CSV";
  return (
    <Button
      component="a"
      href={url(path, { ...query, format: "csv" })}
      download={`${of.replaceAll(" ", "-")}.csv`}
      variant="default"
      size="xs"
      leftSection={<IconDownload size={14} aria-hidden />}
      aria-label={`${word} of ${of}`}
    >
      {word}
    </Button>
  );
}
