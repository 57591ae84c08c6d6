import { Button, FileInput, Group, Modal, Progress, Select, Stack, Text } from "@mantine/core";
import { IconFile } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { capital, sentence } from "../../format";
import { Note } from "../../look/Note";
import { tell } from "../../look/tell";
import { ABOUT, formOf, KINDS, type Kind, upload } from "./imports";

interface Props {
  opened: boolean;
  close: () => void;
}

const NAMES = KINDS.map((kind) => ({ value: kind, label: capital(kind) }));
const ACCEPTED = ".csv,.json,.ndjson,.jsonl,.parquet,.gz,.zst";

/** Sends a file of any size; the figures move once, at its end. */
export function SendFile({ opened, close }: Props) {
  const [kind, setKind] = useState<Kind>("redemptions");
  const [file, setFile] = useState<File | null>(null);
  const [part, setPart] = useState(0);
  const queries = useQueryClient();
  const sending = useMutation({
    mutationFn: (chosen: File) => upload(kind, chosen, setPart),
    onSuccess: (_, chosen) => {
      tell(`${chosen.name} has arrived and runs now`);
      setFile(null);
      close();
      queries.invalidateQueries({ queryKey: ["imports"] });
    },
  });
  const isUnknown = file !== null && !formOf(file.name);
  return (
    <Modal opened={opened} onClose={close} title="Send a file">
      <Stack>
        <Select
          label="What it holds"
          description={ABOUT[kind].holds}
          data={NAMES}
          value={kind}
          allowDeselect={false}
          onChange={(value) => setKind(value as Kind)}
        />
        <FileInput
          label="File"
          description="CSV, JSON, NDJSON or Parquet; also compressed (.gz, .zst)"
          placeholder="Choose a file"
          accept={ACCEPTED}
          leftSection={<IconFile size={16} />}
          value={file}
          onChange={setFile}
          clearable
          clearButtonProps={{ "aria-label": "Remove the file" }}
          error={isUnknown && "Its name must end in .csv, .json, .ndjson or .parquet"}
        />
        <Text size="sm">
          <a href={template(kind)} download={`${kind}.csv`}>
            Download a CSV template for {kind}
          </a>
        </Text>
        {sending.isPending && (
          <Progress value={part * 100} animated aria-label="How much has been sent" />
        )}
        {sending.error && <Note tone="bad">{sentence(sending.error.message)}</Note>}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button
            disabled={!file || isUnknown}
            loading={sending.isPending}
            onClick={() => file && sending.mutate(file)}
          >
            Send
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

const template = (kind: Kind) =>
  `data:text/csv;charset=utf-8,${encodeURIComponent(`${ABOUT[kind].header}\n`)}`;
