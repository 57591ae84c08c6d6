import { useInfiniteQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { AuditEntry, AuditPage } from "../../api/types";
import { titled } from "../../format";

/** What is read of the audit log: who changed what, before and after. */

const PAGE = 50;
export const AUDIT_PATH = "/v1/audit";

/** The changes, the newest first, page by page. */
export function useAudit(mayRead: boolean) {
  return useInfiniteQuery({
    queryKey: ["audit"],
    enabled: mayRead,
    initialPageParam: "",
    queryFn: ({ pageParam: cursor, signal }) =>
      api<AuditPage>(AUDIT_PATH, { query: { cursor, limit: PAGE }, signal }),
    getNextPageParam: (page) => page.next ?? undefined,
    refetchOnMount: "always",
  });
}

const DONE: Record<string, string> = {
  apply: "applied",
  change: "changed",
  create: "created",
  delete: "deleted",
  erase: "erased",
  put: "saved",
  rebuild: "rebuilt",
  remove: "removed",
  resend: "message sent again",
  restore: "restored",
  revoke: "revoked",
  rotate: "given a new secret",
};

/** `user.create` as people say it: "User created". */
export function actionOf({ action }: AuditEntry): string {
  const [what = "", how = ""] = action.split(".");
  return titled(`${what} ${DONE[how] ?? how}`);
}

export interface FieldChange {
  field: string;
  before: string;
  after: string;
}

/** The fields that differ, as text; of what is new or gone every field that says something. */
export function fieldChanges({ before, after }: AuditEntry): FieldChange[] {
  const [old, now] = [fields(before), fields(after)];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .map((field) => ({ field, before: text(old[field]), after: text(now[field]) }))
    .filter(({ before, after }) => before !== after);
}

/** The fields of a value by their names; one within another as `settings.margin`. */
function fields(value: unknown, name = ""): Record<string, unknown> {
  if (value === null || typeof value !== "object" || Array.isArray(value))
    return name || value ? { [name]: value } : {};
  const within = Object.entries(value).map(([key, one]) =>
    fields(one, name ? `${name}.${key}` : key),
  );
  return Object.assign({}, ...within);
}

const text = (value: unknown): string => {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
};
