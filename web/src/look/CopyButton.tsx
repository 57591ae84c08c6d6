import { Button } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useEffect, useState } from "react";

interface Props {
  text: string;
  /** What is copied, for those who do not see what it stands beside: "the key". */
  what: string;
}

/** Puts a text on the clipboard. */
export function CopyButton({ text, what }: Props) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = async () => setCopied(await put(text));
  return (
    <Button
      size="compact-sm"
      variant="default"
      leftSection={isCopied ? <IconCheck size={14} /> : <IconCopy size={14} />}
      onClick={copy}
      aria-label={isCopied ? `Copied ${what}` : `Copy ${what}`}
      aria-live="polite"
      miw={92}
    >
      {isCopied ? "Copied" : "Copy"}
    </Button>
  );
}

/** The clipboard is there on https and localhost only; elsewhere the old way is taken. */
async function put(text: string): Promise<boolean> {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // not allowed: the old way may still be
    }
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.style.cssText = "position:fixed;opacity:0";
  document.body.append(area);
  area.select();
  const isDone = document.execCommand("copy");
  area.remove();
  return isDone;
}
