import { lazy, Suspense, useSyncExternalStore } from "react";

const library = () => import("@mantine/notifications");
const Shown = lazy(() => library().then(({ Notifications }) => ({ default: Notifications })));

let isWanted = false;
let want = () => {};

interface More {
  title?: string;
  /** With the same id a message is shown once. */
  id?: string;
  /** Default: 5 seconds for what was done, for ever for what was not. */
  milliseconds?: number;
}

/** A short message: what was done, which goes away by itself, or why it was not. */
export async function tell(message: string, tone: "good" | "bad" = "good", more: More = {}) {
  isWanted = true;
  want();
  const { notifications } = await library();
  notifications.show({
    id: more.id,
    title: more.title,
    message,
    color: tone === "good" ? "green" : "red",
    autoClose: more.milliseconds ?? (tone === "good" ? 5_000 : false),
    withBorder: true,
    role: tone === "good" ? "status" : "alert",
    closeButtonProps: { "aria-label": "Close message" },
  });
}

/** Where messages are shown; loaded with the first of them. */
export function Messages() {
  const isShown = useSyncExternalStore(
    (watcher) => {
      want = watcher;
      return () => {
        want = () => {};
      };
    },
    () => isWanted,
  );
  return isShown ? (
    <Suspense fallback={null}>
      <Shown position="bottom-right" />
    </Suspense>
  ) : null;
}
