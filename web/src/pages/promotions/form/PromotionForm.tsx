import { Alert, Button, Group, Stack } from "@mantine/core";
import { type FormEvent, useEffect, useRef } from "react";
import { ApiError } from "../../../api/client";
import { Basics } from "./Basics";
import { CodesField } from "./CodesField";
import { checks } from "./checks";
import { FormProvider, useDefinitionForm } from "./context";
import classes from "./form.module.css";
import { LeaveGuard } from "./LeaveGuard";
import { LimitFields } from "./LimitFields";
import { Period } from "./Period";
import { RewardFields } from "./RewardFields";
import { fieldErrors } from "./saving";
import { TierFields } from "./TierFields";
import type { FormValues } from "./values";

/** What a button of the form does with it. */
export interface Intent {
  name: string;
  label: string;
}

interface Props {
  initial: FormValues;
  /** Personal codes that are still to be added. */
  codes?: string;
  /** Null for a new one. */
  status: string | null;
  /** The ways to send it: the last one is the main one, the first is what Enter does. */
  intents: readonly Intent[];
  onSend: (values: FormValues, intent: string) => Promise<void>;
  onCancel: () => void;
}

/** The definition of a promotion, as a form. */
export function PromotionForm({ initial, codes, status, intents, onSend, onCancel }: Props) {
  const form = useDefinitionForm({ initialValues: initial, validate: checks });
  const isSent = useRef(false);
  const isRefused = useRef(false);
  // Once the fields say so themselves, and not a moment before.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the errors that the fields are drawn with
  useEffect(() => {
    if (isRefused.current && focusFirst()) isRefused.current = false;
  }, [form.errors]);
  useEffect(() => {
    if (codes) form.setFieldValue("codes", codes);
  }, [codes, form.setFieldValue]);
  const isFrozen = status !== null && status !== "draft";
  const isNew = status === null;
  const { kind } = form.getValues();
  const isUnsaved = () => !isSent.current && form.isDirty();

  const send = async (values: FormValues, intent: string) => {
    form.setErrors({});
    try {
      isSent.current = true; // leaving is what comes next
      await onSend(values, intent);
    } catch (error) {
      isSent.current = false;
      isRefused.current = true;
      form.setErrors({ ...fieldErrors(error), "": unplaced(error) });
    }
  };
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    const { submitter } = event.nativeEvent as SubmitEvent;
    const intent = submitter instanceof HTMLButtonElement ? submitter.value : "";
    return form.onSubmit(
      (values) => send(values, intent),
      () => {
        isRefused.current = true;
      },
    )(event);
  };
  return (
    <FormProvider form={form}>
      <LeaveGuard isUnsaved={isUnsaved} />
      <form onSubmit={onSubmit} noValidate className={classes.form}>
        <Stack gap="xl" className={classes.fields}>
          {form.errors[""] && (
            <Alert color="red" variant="light" role="alert" title={form.errors[""]} />
          )}
          <Basics isNew={isNew} isFrozen={isFrozen} />
          <RewardFields isFrozen={isFrozen} />
          {kind === "tiered" && <TierFields isFrozen={isFrozen} />}
          {kind === "personalized" && (
            <CodesField promotionId={isNew ? null : initial.promotion_id} />
          )}
          <LimitFields />
          <Period />
        </Stack>
        <Group className={classes.buttons} justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel} visibleFrom={isNew ? "xs" : undefined}>
            Cancel
          </Button>
          {intents.map((intent, index) => (
            <Button
              key={intent.name}
              type="submit"
              value={intent.name}
              variant={index === intents.length - 1 ? "filled" : "default"}
              loading={form.submitting}
              disabled={!isNew && !form.isDirty() && intent.name === "save"}
            >
              {intent.label}
            </Button>
          ))}
        </Group>
      </form>
    </FormProvider>
  );
}

/** What is wrong with no field in particular. */
function unplaced(error: unknown): string | null {
  if (!(error instanceof ApiError)) return "That did not work. Nothing was saved.";
  return error.errors.length > 0 ? null : error.detail;
}

/** Leads to the first field that is wrong, or to what is wrong with none in particular; says whether there was any. */
function focusFirst(): boolean {
  const wrong = document.querySelector<HTMLElement>(`.${classes.form} [aria-invalid="true"]`);
  wrong?.focus();
  if (wrong) return true;
  const alert = document.querySelector(`.${classes.form} [role="alert"]`);
  alert?.scrollIntoView();
  return alert !== null;
}
