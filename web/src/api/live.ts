import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { Overtaken } from "./overtaken";
import { listen, type StreamState } from "./stream";
import type { Promotion, PromotionPage } from "./types";

/** Pictures are renewed at once after a pause, and then no more often than this: a table is costly to draw. */
const PAUSE_MS = 200;
/** What is derived on the server (breakdowns, funnels) is asked for anew no more often than this. */
const RENEW_MS = 1_000;

/** What figures are shown in: as the stream tells them, and as the server derives more from them. */
const PATCHED = ["promotions", "promotion"];
const DERIVED = ["breakdown", "funnel"];
const SHOWN = [...PATCHED, ...DERIVED];
const RENEWED: Record<string, string[]> = {
  sources: ["sources", "source"],
  problems: ["problems"],
  imports: ["imports", "import"],
  alerts: ["alerts"],
  anomalies: ["anomalies"],
};

/** All that may have changed between being asked for and the stream's beginning. */
const LISTS = Object.values(RENEWED).flat();

/** Keeps everything read of promotions true while the page is open. To be called once, by the shell. */
export function useLiveFigures(workspace: string): void {
  const queries = useQueryClient();
  useEffect(() => {
    const gathered = new Map<string, Promotion>();
    const overtaken = new Overtaken(queries, PATCHED, (changed) => patch(queries, changed));
    const deaf = overtaken.listen();
    const flush = paced(PAUSE_MS, () => {
      patch(queries, gathered);
      overtaken.keep(gathered);
      gathered.clear();
    });
    const renewed = new Set<string>();
    const renew = paced(RENEW_MS, () => {
      for (const key of renewed) overtaken.renew(key);
      renewed.clear();
    });
    const stop = listen(workspace, ({ event, data }) => {
      if (event === "state") {
        tellState(data as StreamState);
        // It may be that the session has ended, which the stream cannot tell.
        if (data === "lost") queries.invalidateQueries({ queryKey: ["session"] });
      } else if (event === "gap") {
        for (const key of [...SHOWN, ...LISTS]) overtaken.renew(key);
      } else if (event === "changed") {
        for (const what of JSON.parse(data).what)
          for (const key of RENEWED[what] ?? []) renewed.add(key);
        renew.soon();
      } else if (event === "figures") {
        for (const item of JSON.parse(data).items) gathered.set(item.promotion_id, item);
        for (const key of DERIVED) renewed.add(key);
        flush.soon();
        renew.soon();
      }
    });
    return () => {
      stop();
      deaf();
      flush.cancel();
      renew.cancel();
    };
  }, [queries, workspace]);
}

/** Puts changed promotions into every list and page that shows them; the order of a list stays until it is asked anew. */
function patch(queries: QueryClient, changed: Map<string, Promotion>): void {
  if (changed.size === 0) return;
  queries.setQueriesData<PromotionPage>({ queryKey: ["promotions"] }, (page) => {
    if (!page?.items.some((one) => changed.has(one.promotion_id))) return page;
    const items = page.items.map((one) => {
      const now = changed.get(one.promotion_id);
      return now ? { ...one, ...now } : one;
    });
    return { ...page, items };
  });
  for (const [id, now] of changed)
    queries.setQueryData<Promotion>(["promotion", id], (old) => old && { ...old, ...now });
}

interface Paced {
  soon: () => void;
  cancel: () => void;
}

/** `work` at once after a pause, and otherwise once a pause for all that came meanwhile. */
function paced(pauseMs: number, work: () => void): Paced {
  let last = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const now = () => {
    timer = undefined;
    last = performance.now();
    work();
  };
  return {
    soon() {
      timer ??= setTimeout(now, Math.max(0, last + pauseMs - performance.now()));
    },
    cancel: () => clearTimeout(timer),
  };
}

let state: StreamState = "connecting";
const watchers = new Set<() => void>();

function tellState(now: StreamState): void {
  state = now;
  for (const watcher of watchers) watcher();
}

/** Whether what is shown moves by itself. */
export function useStreamState(): StreamState {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => state,
  );
}
