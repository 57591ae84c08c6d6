import { Button, Checkbox, Popover, Stack } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { capital } from "../../format";
import { useAtOnce } from "./useAtOnce";

interface Props {
  label: string;
  /** What stands beside the label when nothing was chosen. */
  usual: string;
  options: readonly string[];
  chosen: readonly string[];
  isUsual: boolean;
  onChoose: (chosen: readonly string[]) => void;
}

function summed(chosen: readonly string[], options: readonly string[]): string {
  if (chosen.length === options.length) return "all";
  return chosen.length > 2
    ? `${chosen.length} of ${options.length}`
    : chosen.map(capital).join(", ");
}

/** A filter by some of a few words. */
export function FilterMenu({ label, usual, options, chosen, isUsual, onChoose }: Props) {
  const [ticked, tick] = useAtOnce(chosen, onChoose);
  const said = isUsual ? usual : summed(chosen, options);
  return (
    <Popover position="bottom-start" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Button
          variant="default"
          rightSection={<IconChevronDown size={14} />}
          data-narrowed={!isUsual || undefined}
        >
          {label}: {said}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Checkbox.Group
          aria-label={label}
          value={[...ticked]}
          onChange={(now) => tick(options.filter((one) => now.includes(one)))}
        >
          <Stack gap={10}>
            {options.map((one) => (
              <Checkbox key={one} value={one} label={capital(one)} />
            ))}
          </Stack>
        </Checkbox.Group>
      </Popover.Dropdown>
    </Popover>
  );
}
