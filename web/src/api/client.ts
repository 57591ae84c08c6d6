/** Requests to the public API, by the session's cookie; failures are the API's own problem documents. */

export interface FieldError {
  pointer: string;
  detail: string;
}

/** A request that was refused or did not arrive: `code` is stable, `detail` is for people. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly errors: FieldError[] = [],
  ) {
    super(detail);
  }

  /** What is wrong with one field, by its JSON Pointer (`/promotion_id`). */
  of(pointer: string): string | undefined {
    return this.errors.find((one) => one.pointer === pointer)?.detail;
  }
}

type Query = Record<string, string | number | boolean | readonly string[] | null | undefined>;

interface Options {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  body?: unknown;
  query?: Query;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

/** A path with its query; empty values are left out. Segments of `path` must be encoded already. */
export function url(path: string, query: Query = {}): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === "") continue;
    if (Array.isArray(value)) {
      if (value.length > 0) words.set(name, value.join(","));
    } else words.set(name, String(value));
  }
  const text = words.toString();
  return text ? `${path}?${text}` : path;
}

/** Asks the API. Throws ApiError. */
export async function api<T>(path: string, options: Options = {}): Promise<T> {
  const { method = "GET", body, query, signal } = options;
  const isFile = body instanceof Blob;
  const headers: Record<string, string> = { ...options.headers };
  if (method !== "GET") headers["X-Promosight"] = "1"; // no other site can send it: see docs/operating.md
  if (body !== undefined && !isFile) headers["Content-Type"] ??= "application/json";
  const payload = isFile || typeof body === "string" ? body : JSON.stringify(body);
  let response: Response;
  try {
    response = await fetch(url(path, query), { method, headers, body: payload, signal });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "offline", "The server cannot be reached. Is the network up?");
  }
  if (!response.ok) throw await problem(response);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

async function problem(response: Response): Promise<ApiError> {
  try {
    const said = await response.json();
    return new ApiError(response.status, said.code, said.detail || said.title, said.errors);
  } catch {
    return new ApiError(response.status, "unknown", `The server answered ${response.status}.`);
  }
}

/** The path of one promotion. */
export function promotionPath(promotionId: string, ...rest: string[]): string {
  return ["/v1/promotions", encodeURIComponent(promotionId), ...rest].join("/");
}
