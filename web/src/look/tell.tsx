import { notifications } from "@mantine/notifications";

/** A short message that goes away by itself: what was done, or why it was not. */
export function tell(message: string, tone: "good" | "bad" = "good"): void {
  notifications.show({
    message,
    color: tone === "good" ? "green" : "red",
    autoClose: tone === "good" ? 5_000 : 10_000,
    withBorder: true,
    role: tone === "good" ? "status" : "alert",
    closeButtonProps: { "aria-label": "Close message" },
  });
}
