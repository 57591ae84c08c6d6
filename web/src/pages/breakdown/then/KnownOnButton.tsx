import { Button } from "@mantine/core";
import { IconArrowBackUp, IconHistory } from "@tabler/icons-react";
import type { Moment } from "./useMoment";

/** Opens the choice of a moment, and goes back to now. */
export function KnownOnButton({ moment: { asOf, isOpen, toggle } }: { moment: Moment }) {
  const Icon = asOf === null ? IconHistory : IconArrowBackUp;
  return (
    <Button
      size="xs"
      variant="default"
      aria-expanded={isOpen}
      onClick={toggle}
      leftSection={<Icon size={15} aria-hidden />}
    >
      {asOf === null ? "Known on …" : "Back to now"}
    </Button>
  );
}
