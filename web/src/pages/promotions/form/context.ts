import { createFormContext } from "@mantine/form";
import type { FormValues } from "./values";

/** The form that every part of the editor writes into. */
export const [FormProvider, useFormPart, useDefinitionForm] = createFormContext<FormValues>();
