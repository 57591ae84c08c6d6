import { Button, CloseButton, FileButton, Group, Text, Textarea } from "@mantine/core";
import { IconFileUpload } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "../../../api/client";
import { count } from "../../../format";
import { useFormPart } from "./context";
import { Section } from "./Section";
import { addCodes } from "./saving";

/** A text longer than this is not shown: a field is slow with it. */
const LONG = 50_000;

/** Adding personal codes: pasted, or from a file. They go with the form, or at once where the promotion is there already. */
export function CodesField({ promotionId }: { promotionId: string | null }) {
  const form = useFormPart();
  const [fileName, setFileName] = useState("");
  const { codes } = form.getValues();
  const set = (text: string) => form.setFieldValue("codes", text);
  const read = async (file: File | null) => {
    if (!file) return;
    setFileName(file.name);
    set(await file.text());
  };
  return (
    <Section
      title="Personal codes"
      about="One code for each customer. They are added to those that are there already."
    >
      {codes.length > LONG ? (
        <Group gap="xs">
          <Text size="sm">
            {count(linesOf(codes))} codes {fileName && `from ${fileName}`}
          </Text>
          <CloseButton size="sm" aria-label="Remove these codes" onClick={() => set("")} />
        </Group>
      ) : (
        <Textarea
          label="Codes"
          description="One a line."
          autosize
          minRows={3}
          maxRows={8}
          placeholder={"HELLO-7F3K\nHELLO-9QX2"}
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
          {...form.getInputProps("codes")}
        />
      )}
      <Group gap="sm">
        <FileButton onChange={read} accept=".csv,.txt,text/csv,text/plain">
          {(props) => (
            <Button
              {...props}
              variant="default"
              size="xs"
              leftSection={<IconFileUpload size={14} />}
            >
              From a file
            </Button>
          )}
        </FileButton>
        {promotionId && <AddNow promotionId={promotionId} />}
      </Group>
    </Section>
  );
}

function AddNow({ promotionId }: { promotionId: string }) {
  const form = useFormPart();
  const { codes } = form.getValues();
  const adding = useMutation({
    mutationFn: () => addCodes(promotionId, codes),
    onSuccess: () => form.setFieldValue("codes", ""),
    onError: (error) =>
      form.setFieldError("codes", error instanceof ApiError ? error.detail : "That did not work"),
  });
  return (
    <>
      {codes.trim() && (
        <Button size="xs" loading={adding.isPending} onClick={() => adding.mutate()}>
          Add {count(linesOf(codes))} {linesOf(codes) === 1 ? "code" : "codes"}
        </Button>
      )}
      {adding.data && !codes && (
        <Text size="sm" c="var(--ps-good)" role="status">
          {count(adding.data.received)} received, {count(adding.data.added)} new
        </Text>
      )}
    </>
  );
}

const linesOf = (text: string) => text.split("\n").filter((line) => line.trim()).length;
