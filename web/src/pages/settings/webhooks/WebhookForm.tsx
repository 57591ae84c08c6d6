import { Button, Checkbox, Group, Stack, TextInput } from "@mantine/core";
import { type UseFormReturnType, useForm } from "@mantine/form";
import type { ReactNode } from "react";
import type { Webhook } from "../../../api/types";
import { FormFailure, fieldErrors } from "../../../look/FormFailure";
import { tell } from "../../../look/tell";
import { useAddWebhook, useChangeWebhook, type WantedWebhook } from "./webhooks";
import { EVENTS } from "./words";

const FIELDS = ["url", "events", "description"] as const;

interface AddProps {
  close: () => void;
  onAdded: (id: string, secret: string) => void;
}

/** Adds a webhook. */
export function AddWebhook({ close, onAdded }: AddProps) {
  const form = useForm<WantedWebhook>({ initialValues: { url: "", events: [], description: "" } });
  const adding = useAddWebhook();
  const submit = (values: WantedWebhook) =>
    adding.mutate(trimmed(values), {
      onSuccess: ({ webhook_id, secret }) => onAdded(webhook_id, secret ?? ""),
      onError: (error) => form.setErrors(fieldErrors(error)),
    });
  return (
    <Form form={form} submit={submit} error={adding.error}>
      <Buttons close={close} doing="Add the webhook" isBusy={adding.isPending} form={form} />
    </Form>
  );
}

/** Changes where a webhook lies and what it is told. */
export function ChangeWebhook({ webhook, close }: { webhook: Webhook; close: () => void }) {
  const { url, events, description } = webhook;
  const form = useForm<WantedWebhook>({ initialValues: { url, events, description } });
  const changing = useChangeWebhook(webhook.webhook_id);
  const done = () => {
    tell("The webhook is changed.");
    close();
  };
  const submit = (values: WantedWebhook) =>
    changing.mutate(trimmed(values), {
      onSuccess: done,
      onError: (error) => form.setErrors(fieldErrors(error)),
    });
  return (
    <Form form={form} submit={submit} error={changing.error}>
      <Buttons close={close} doing="Save" isBusy={changing.isPending} form={form} />
    </Form>
  );
}

const trimmed = (values: WantedWebhook) => ({ ...values, url: values.url.trim() });

interface FormProps {
  form: UseFormReturnType<WantedWebhook>;
  submit: (values: WantedWebhook) => void;
  error: unknown;
  children: ReactNode;
}

function Form({ form, submit, error, children }: FormProps) {
  return (
    <form onSubmit={form.onSubmit(submit)}>
      <Stack gap="md">
        <TextInput
          label="Address"
          description="Where messages are sent: https, reachable from the internet."
          placeholder="https://shop.example/hooks"
          inputMode="url"
          autoComplete="off"
          required
          data-autofocus
          {...form.getInputProps("url")}
        />
        <Checkbox.Group label="It is told" required {...form.getInputProps("events")}>
          <Stack gap={8} mt={6} mb={4}>
            {EVENTS.map(({ type, label, about }) => (
              <Checkbox key={type} value={type} label={label} description={about} />
            ))}
          </Stack>
        </Checkbox.Group>
        <TextInput
          label="Description"
          description="What receives it, so that you know it again. May be empty."
          placeholder="Loyalty programme"
          autoComplete="off"
          maxLength={255}
          {...form.getInputProps("description")}
        />
        <FormFailure error={error} shown={FIELDS} />
        {children}
      </Stack>
    </form>
  );
}

interface ButtonsProps {
  close: () => void;
  doing: string;
  isBusy: boolean;
  form: UseFormReturnType<WantedWebhook>;
}

function Buttons({ close, doing, isBusy, form }: ButtonsProps) {
  return (
    <Group justify="flex-end" gap="xs">
      <Button variant="default" onClick={close}>
        Cancel
      </Button>
      <Button type="submit" loading={isBusy} disabled={form.values.events.length === 0}>
        {doing}
      </Button>
    </Group>
  );
}
