/** Sending a form to the API. */
import { ApiError, api, promotionPath } from "../../../api/client";
import type { Promotion, PromotionPage } from "../../../api/types";
import { capital } from "../../../format";
import { changesOf, definitionOf, type FormValues } from "./values";

/** Makes a promotion that is not there yet. Throws ApiError, also when the id is taken: PUT would replace it. */
export async function create(
  values: FormValues,
  status: "draft" | "active",
  zone: string,
): Promise<Promotion> {
  const id = values.promotion_id.trim();
  if (await isThere(id)) throw taken(id);
  const body = { ...definitionOf(values, zone), status };
  return api<Promotion>(promotionPath(id), { method: "PUT", body });
}

function taken(id: string): ApiError {
  const detail = `There is already a promotion ${id}`;
  return new ApiError(409, "promotion_exists", detail, [{ pointer: "/promotion_id", detail }]);
}

const MOST_ALIKE = 1_000;

async function isThere(id: string): Promise<boolean> {
  const query = { q: id, limit: MOST_ALIKE };
  const page = await api<PromotionPage>("/v1/promotions", { query });
  if (page.items.some((one) => one.promotion_id === id)) return true;
  return page.next !== null && (await isFound(id));
}

/** The dear way, for an id that is part of very many others. */
async function isFound(id: string): Promise<boolean> {
  try {
    await api(promotionPath(id));
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    throw error;
  }
}

/** Changes what the form changed, and nothing else; with a status, that too. */
export function save(
  before: FormValues,
  now: FormValues,
  zone: string,
  status: "active" | null,
): Promise<Promotion> {
  const body = { ...changesOf(before, now, zone), ...(status && { status }) };
  return api<Promotion>(promotionPath(before.promotion_id), { method: "PATCH", body });
}

export interface CodesTaken {
  received: number;
  added: number;
}

/** Adds personal codes to the promotion's pool: one a line. */
export function addCodes(promotionId: string, codes: string): Promise<CodesTaken> {
  return api<CodesTaken>(promotionPath(promotionId, "codes"), {
    method: "POST",
    body: codes,
    headers: { "Content-Type": "text/csv" },
  });
}

/** The API's word on each field, by the form's paths (`/tiers/0/tier_id` is `tiers.0.tier_id`). */
export function fieldErrors(error: unknown): Record<string, string> {
  if (!(error instanceof ApiError)) return {};
  const pairs = error.errors.map(({ pointer, detail }) => [pathOf(pointer), capital(detail)]);
  return Object.fromEntries(pairs);
}

const pathOf = (pointer: string) => pointer.slice(1).replaceAll("/", ".");
