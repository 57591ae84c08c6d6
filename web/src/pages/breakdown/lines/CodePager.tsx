import { Button, Group } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import { useAddress } from "../address";

/** Turns the pages of rows by code: there are as many codes as customers. */
export function CodePager({ next }: { next: string | null }) {
  const { get, set } = useAddress();
  const [before, setBefore] = useState<(string | null)[]>([]);
  const after = get("after");
  if (!next && !after) return null;
  const forth = () => {
    setBefore([...before, after]);
    set({ after: next });
  };
  const back = () => {
    set({ after: before.at(-1) ?? null });
    setBefore(before.slice(0, -1));
  };
  const look = { variant: "default", size: "xs" } as const;
  return (
    <Group component="nav" gap="xs" justify="flex-end" mt="sm" aria-label="Pages of codes">
      <Button
        {...look}
        onClick={back}
        disabled={!after}
        leftSection={<IconChevronLeft size={15} aria-hidden />}
      >
        {before.length > 0 || !after ? "Previous codes" : "First codes"}
      </Button>
      <Button
        {...look}
        onClick={forth}
        disabled={!next}
        rightSection={<IconChevronRight size={15} aria-hidden />}
      >
        Next codes
      </Button>
    </Group>
  );
}
