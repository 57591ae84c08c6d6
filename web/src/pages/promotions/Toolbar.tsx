import { Button, Group } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { ColumnMenu } from "./ColumnMenu";
import { CompareButton } from "./CompareButton";
import type { ColumnId } from "./columnIds";
import { FilterMenu } from "./FilterMenu";
import classes from "./promotions.module.css";
import { SearchField } from "./SearchField";
import { SortSelect } from "./SortSelect";
import type { Selection } from "./useSelection";
import type { ChangeView } from "./useView";
import { ViewsMenu } from "./ViewsMenu";
import { DEFAULT_STATUSES, isUsualStatus, KINDS, NO_FILTER, STATUSES, type View } from "./view";

interface Props {
  view: View;
  change: ChangeView;
  columns: readonly ColumnId[];
  onColumns: (columns: readonly ColumnId[]) => void;
  selection: Selection;
  isNarrow: boolean;
}

/** Search, filters, and what is done with the whole list. */
export function Toolbar({ view, change, columns, onColumns, selection, isNarrow }: Props) {
  const isFiltered = view.q !== "" || view.kind.length > 0 || !isUsualStatus(view);
  return (
    <Group justify="space-between" gap="xs" mb="xs">
      <Group gap="xs" className={classes.filters}>
        <SearchField q={view.q} onSearch={(q) => change({ q }, { replace: true })} />
        <FilterMenu
          label="Status"
          usual="not archived"
          options={STATUSES}
          chosen={view.status}
          isUsual={isUsualStatus(view)}
          onChoose={(status) => change({ status: status.length ? status : DEFAULT_STATUSES })}
        />
        <FilterMenu
          label="Kind"
          usual="all"
          options={KINDS}
          chosen={view.kind}
          isUsual={view.kind.length === 0}
          onChoose={(kind) => change({ kind })}
        />
        {isNarrow && <ViewsMenu view={view} isNarrow />}
        {isFiltered && (
          <Button
            variant="subtle"
            leftSection={<IconX size={14} />}
            onClick={() => change(NO_FILTER)}
          >
            Clear filters
          </Button>
        )}
      </Group>
      <Group gap="xs">
        {(!isNarrow || selection.chosen.length > 0) && <CompareButton selection={selection} />}
        {isNarrow ? (
          <SortSelect sort={view.sort} onSort={(sort) => change({ sort })} />
        ) : (
          <ColumnMenu columns={columns} onChoose={onColumns} />
        )}
        {!isNarrow && <ViewsMenu view={view} />}
      </Group>
    </Group>
  );
}
