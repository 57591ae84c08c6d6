import { Button } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconLink } from "@tabler/icons-react";
import { tell } from "../../look/tell";
import classes from "./breakdown.module.css";

/** Copies the address of what is shown, for a colleague. */
export function CopyLink() {
  const { copy, copied, error } = useClipboard({ timeout: 2_000 });
  const address = window.location.href;
  if (error) tellAddress(address);
  return (
    <Button
      variant="default"
      size="xs"
      className={classes.action}
      onClick={() => copy(window.location.href)}
      leftSection={
        copied ? <IconCheck size={15} aria-hidden /> : <IconLink size={15} aria-hidden />
      }
    >
      <span aria-live="polite" className={classes.word}>
        {copied ? "Copied" : "Copy link"}
      </span>
    </Button>
  );
}

/** Where the browser does not let a page copy (plain http), the link is shown instead. */
function tellAddress(address: string): void {
  tell(address, "good", { id: "link", title: "Copy this link", milliseconds: 15_000 });
}
