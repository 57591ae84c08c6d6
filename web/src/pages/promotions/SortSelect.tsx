import { ActionIcon, Group, NativeSelect } from "@mantine/core";
import { IconSortAscending, IconSortDescending } from "@tabler/icons-react";
import { COLUMN_IDS, COLUMNS } from "./columnIds";

interface Props {
  sort: string;
  onSort: (sort: string) => void;
}

/** The order of cards, which have no headers to sort by. */
export function SortSelect({ sort, onSort }: Props) {
  const column = sort.replace("-", "");
  const isDown = sort.startsWith("-");
  const options = COLUMN_IDS.flatMap((id) => {
    const { title, first } = COLUMNS[id];
    return first
      ? { value: first === "desc" ? `-${id}` : id, label: `Sort: ${title.toLowerCase()}` }
      : [];
  });
  const current = options.find(({ value }) => value.replace("-", "") === column)?.value ?? "name";
  const Icon = isDown ? IconSortDescending : IconSortAscending;
  return (
    <Group gap={4} wrap="nowrap">
      <NativeSelect
        aria-label="Sort by"
        data={options}
        value={current}
        onChange={(event) => onSort(event.currentTarget.value)}
      />
      <ActionIcon
        variant="default"
        size={36}
        aria-label={isDown ? "Largest first; turn around" : "Smallest first; turn around"}
        onClick={() => onSort(isDown ? column : `-${column}`)}
      >
        <Icon size={18} stroke={1.7} />
      </ActionIcon>
    </Group>
  );
}
