import { useSyncExternalStore } from "react";
import { useSession } from "../api/session";
import { ago, instant } from "../format";

const watchers = new Set<() => void>();
let now = Date.now();
setInterval(() => {
  now = Date.now();
  for (const watcher of watchers) watcher();
}, 10_000);

/** The time, moving every ten seconds. */
export function useNow(): number {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => now,
  );
}

/** How long ago an instant was; the instant itself on hover. */
export function Ago({ at }: { at: string }) {
  const { workspace } = useSession();
  const current = Math.max(useNow(), Date.parse(at));
  return (
    <time
      dateTime={at}
      onMouseEnter={({ currentTarget: here }) => {
        here.title = instant(here.dateTime, workspace.time_zone); // dear to write: not for every row, five times a second
      }}
    >
      {ago(at, current)}
    </time>
  );
}
