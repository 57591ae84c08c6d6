import { Button, Checkbox, Popover, SimpleGrid, Stack } from "@mantine/core";
import { IconColumns3 } from "@tabler/icons-react";
import { COLUMN_IDS, COLUMNS, type ColumnId, DEFAULT_COLUMNS } from "./columnIds";
import { useAtOnce } from "./useAtOnce";

interface Props {
  columns: readonly ColumnId[];
  onChoose: (columns: readonly ColumnId[]) => void;
}

/** Which columns are shown. The name always is. */
export function ColumnMenu(props: Props) {
  const [columns, onChoose] = useAtOnce(props.columns, props.onChoose);
  const choose = (now: string[]) =>
    onChoose(COLUMN_IDS.filter((one) => one === "name" || now.includes(one)));
  return (
    <Popover position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<IconColumns3 size={16} stroke={1.7} />}>
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="md">
          <Checkbox.Group aria-label="Columns" value={[...columns]} onChange={choose}>
            <SimpleGrid cols={2} spacing="lg" verticalSpacing={10}>
              {COLUMN_IDS.filter((one) => one !== "name").map((one) => (
                <Checkbox key={one} value={one} label={COLUMNS[one].title} />
              ))}
            </SimpleGrid>
          </Checkbox.Group>
          <Button
            size="xs"
            variant="default"
            disabled={columns.join() === DEFAULT_COLUMNS.join()}
            onClick={() => onChoose(DEFAULT_COLUMNS)}
          >
            As by default
          </Button>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
