/** The view of the grid: what is shown, in which order, which page of it. It lives in the address, so that a link is a view. */
import { COLUMN_IDS, type ColumnId, DEFAULT_COLUMNS } from "./columnIds";

export const STATUSES = ["draft", "active", "deactivated", "archived"] as const;
export const KINDS = ["global", "tiered", "personalized"] as const;
export const SIZES = [25, 50, 100];

/** What is shown when nothing else was asked for: all but the archived ones. */
export const DEFAULT_STATUSES: readonly string[] = ["draft", "active", "deactivated"];
const DEFAULT_SORT = "name";
const DEFAULT_SIZE = 50;

export interface View {
  q: string;
  status: readonly string[];
  /** Empty: every kind. */
  kind: readonly string[];
  /** A column's name in the API, with `-` before it for descending. */
  sort: string;
  page: number;
  size: number;
  /** Null: whatever this browser shows. */
  columns: readonly ColumnId[] | null;
}

/** The view that an address names; what cannot be is as if it were not there. */
export function readView(params: URLSearchParams): View {
  const size = Number(params.get("size"));
  const status = chosen(params, "status", STATUSES);
  const columns = chosen(params, "columns", COLUMN_IDS);
  return {
    q: params.get("q") ?? "",
    status: status.length > 0 ? status : DEFAULT_STATUSES,
    kind: chosen(params, "kind", KINDS),
    sort: params.get("sort") ?? DEFAULT_SORT,
    page: Math.max(1, Math.floor(Number(params.get("page"))) || 1),
    size: SIZES.includes(size) ? size : DEFAULT_SIZE,
    columns: columns.length > 0 ? columns : null,
  };
}

function chosen<T extends string>(params: URLSearchParams, name: string, all: readonly T[]): T[] {
  const said = params.get(name)?.split(",") ?? [];
  return all.filter((one) => said.includes(one));
}

/** Writes a view into an address; what is as by default is left out. Other parameters stay. */
export function writeView(params: URLSearchParams, view: View): URLSearchParams {
  const after = new URLSearchParams(params);
  const put = (name: string, value: string, usual: string) =>
    value === usual ? after.delete(name) : after.set(name, value);
  put("q", view.q, "");
  put("status", statusesOf(view), DEFAULT_STATUSES.join());
  put("kind", view.kind.length === KINDS.length ? "" : view.kind.join(), "");
  put("sort", view.sort, DEFAULT_SORT);
  put("page", String(view.page), "1");
  put("size", String(view.size), String(DEFAULT_SIZE));
  const columns = view.columns?.join() ?? "";
  put("columns", columns === DEFAULT_COLUMNS.join() ? "" : columns, "");
  return after;
}

const statusesOf = (view: View): string =>
  view.status.length > 0 ? view.status.join() : DEFAULT_STATUSES.join();

/** The view alone as a query, without the page: what is saved and compared. */
export function queryOf(view: View): string {
  return writeView(new URLSearchParams(), { ...view, page: 1 }).toString();
}

/** What the view asks of the API, without paging: filter and order. */
export function filterOf(view: View) {
  return { q: view.q, status: view.status, kind: view.kind, sort: view.sort };
}

/** Whether all but the archived ones are shown. */
export function isUsualStatus(view: View): boolean {
  return statusesOf(view) === DEFAULT_STATUSES.join();
}

/** What takes every filter off. */
export const NO_FILTER = { q: "", status: DEFAULT_STATUSES, kind: [] } as const;

/** Whether a filter leaves something out that is shown otherwise. */
export function isNarrowed(view: View): boolean {
  const lacks = DEFAULT_STATUSES.some((one) => !view.status.includes(one));
  return view.q !== "" || view.kind.length > 0 || lacks;
}
