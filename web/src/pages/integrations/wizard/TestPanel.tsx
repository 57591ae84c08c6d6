import { Button, Loader, Stack, Text } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError, api } from "../../../api/client";
import { FormFailure } from "../../../look/FormFailure";
import { Note } from "../../../look/Note";
import { useSource } from "../sources";
import type { SampleEvent } from "./snippets";
import { TestLanded } from "./TestLanded";
import classes from "./wizard.module.css";

const POLL_MS = 1_500;

interface Props {
  source: string;
  secret: string | undefined;
  event: SampleEvent;
}

/** Shows a test event land, moments after it was sent from wherever. */
export function TestPanel({ source, secret, event }: Props) {
  const { data } = useSource(source, POLL_MS);
  const sending = useSendTest(source, secret);
  const test = data?.test;
  return (
    <section className={classes.panel} aria-label="Your test event" data-landed={Boolean(test)}>
      <div aria-live="polite">{test ? <TestLanded test={test} /> : <Waiting />}</div>
      <Stack gap={6} align="flex-start">
        <Button
          variant={test ? "default" : "light"}
          leftSection={<IconSend size={16} />}
          onClick={() => sending.mutate(event)}
          loading={sending.isPending}
          disabled={!secret}
        >
          {test ? "Send another from here" : "Send a test event from here"}
        </Button>
        {!secret && (
          <Text size="xs" c="dimmed">
            The key is no longer known to this page. Go back to make another, or send the snippet
            with the key you kept.
          </Text>
        )}
      </Stack>
      {sending.error && <FormFailure error={sending.error} />}
    </section>
  );
}

function Waiting() {
  return (
    <Stack gap={6}>
      <div className={classes.waiting}>
        <Loader size="sm" type="dots" aria-hidden />
        <strong>Waiting for your test event...</strong>
      </div>
      <Text size="sm" c="dimmed">
        Run the snippet on any machine that reaches this server, or send the same event from this
        page. It appears here within two seconds.
      </Text>
    </Stack>
  );
}

/** Sends the event with the source's own key, as its system will. A refused event has landed too. */
function useSendTest(source: string, secret: string | undefined) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (event: SampleEvent) => {
      const headers = { Authorization: `Bearer ${secret}` };
      try {
        await api("/v1/redemptions?dry_run=true", { method: "POST", body: event, headers });
      } catch (error) {
        const isAnswer = error instanceof ApiError && [409, 422].includes(error.status);
        if (!isAnswer) throw error;
      }
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["source", source] }),
  });
}

/** Where a key is missing altogether. */
export function NoKey({ onBack }: { onBack: () => void }) {
  return (
    <Note tone="warn">
      Put your key where the snippet says YOUR_KEY, or{" "}
      <button type="button" className={classes.inline} onClick={onBack}>
        make another key
      </button>
      .
    </Note>
  );
}
