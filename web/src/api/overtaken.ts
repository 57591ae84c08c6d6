import type { Query, QueryClient } from "@tanstack/react-query";
import type { Promotion } from "./types";

/**
 * Answers that were on their way while something changed.
 *
 * An answer may have been made before a change and come after the stream has told of it. Taken as it is, it would
 * put back what was, until the next event. So what the stream tells meanwhile is kept and told again to each such
 * answer, and what cannot be told but only asked for is asked for once more.
 */
export class Overtaken {
  private readonly told = new Map<string, Promotion>();
  private readonly stale = new Set<string>();

  constructor(
    private readonly queries: QueryClient,
    private readonly patched: string[],
    private readonly patch: (changed: Map<string, Promotion>) => void,
  ) {}

  /** To be called with what the stream told, once it stands in the answers that are there. */
  keep(changed: Map<string, Promotion>): void {
    if (!this.comes()) return;
    for (const [id, now] of changed) this.told.set(id, now);
  }

  /** Asks anew for everything under a key. A first answer on its way is waited for, and then asked for again. */
  renew(key: string): void {
    const first = (query: Query) =>
      query.state.data === undefined && query.state.fetchStatus === "fetching";
    for (const query of this.queries.getQueryCache().findAll({ queryKey: [key] }))
      if (first(query)) this.stale.add(query.queryHash);
    this.queries.invalidateQueries({ queryKey: [key] });
  }

  /** Listens for answers until the returned function is called. */
  listen(): () => void {
    return this.queries.getQueryCache().subscribe((event) => {
      if (event.type !== "updated" || event.action.type !== "success" || event.action.manual)
        return;
      this.came(event.query);
    });
  }

  private came(query: Query): void {
    if (this.told.size > 0 && this.patched.includes(String(query.queryKey[0]))) {
      this.patch(this.told);
      if (!this.comes()) this.told.clear();
    }
    if (this.stale.delete(query.queryHash))
      this.queries.invalidateQueries({ queryKey: query.queryKey, exact: true });
  }

  /** Whether an answer is on its way that holds promotions. */
  private comes(): boolean {
    return this.patched.some((key) => this.queries.isFetching({ queryKey: [key] }) > 0);
  }
}
