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
  const loaded = await library().catch(() => null);
  if (!loaded) return plainly([more.title, message].filter(Boolean).join(". "));
  isWanted = true;
  want();
  loaded.notifications.show({
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

/** Where the library cannot be loaded, as when the server is away: of all moments the one at which it has to be said. */
function plainly(text: string): void {
  document.querySelector(".plain-message")?.remove();
  const place = document.createElement("button");
  place.className = "plain-message";
  place.setAttribute("role", "alert");
  place.textContent = text;
  place.title = "Close message";
  place.addEventListener("click", () => place.remove());
  document.body.append(place);
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
