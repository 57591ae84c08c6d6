import { Tooltip } from "@mantine/core";
import { useStreamState } from "../api/live";
import classes from "./Shell.module.css";

const SAID = {
  live: ["Live", "Figures move as events arrive."],
  connecting: ["Connecting", "Waiting for the stream of changes."],
  lost: [
    "Reconnecting",
    "The connection was lost. Figures are as they were; what was missed will be caught up.",
  ],
} as const;

/** Whether what is shown moves by itself. */
export function Freshness() {
  const state = useStreamState();
  const [label, more] = SAID[state];
  return (
    <Tooltip label={more} multiline maw={260}>
      <span
        className={classes.live}
        data-state={state}
        role="status"
        aria-label={`${label}: ${more}`}
      >
        <span className={classes.dot} aria-hidden />
        {label}
      </span>
    </Tooltip>
  );
}
