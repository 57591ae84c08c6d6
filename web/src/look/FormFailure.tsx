import { Alert } from "@mantine/core";
import { ApiError } from "../api/client";
import { sentence } from "../format";

/** What is wrong with each field of a form, by its name, from the API's own answer. */
export function fieldErrors(error: unknown): Record<string, string> {
  if (!(error instanceof ApiError)) return {};
  const entries = error.errors
    .filter(({ pointer }) => pointer)
    .map(({ pointer, detail }) => [pointer.split("/")[1] ?? "", sentence(detail)] as const);
  return Object.fromEntries(entries);
}

/** Says why a form was refused, unless the reason stands at a field already. */
export function FormFailure({ error, shown = [] }: { error: unknown; shown?: readonly string[] }) {
  if (!error) return null;
  const named = Object.keys(fieldErrors(error));
  if (named.length > 0 && named.every((name) => shown.includes(name))) return null;
  const detail = error instanceof ApiError ? error.detail : "Something went wrong on this page.";
  return (
    <Alert color="red" variant="light" role="alert" p="sm">
      {sentence(detail)}
    </Alert>
  );
}
