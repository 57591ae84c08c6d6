import { DataTable, type DataTableColumn } from "mantine-datatable";
import { useMemo } from "react";
import type { Promotion } from "../../api/types";
import { CELLS } from "./cells";
import { COLUMNS, type ColumnId } from "./columnIds";
import { type Paging, pagingOf } from "./paging";
import classes from "./promotions.module.css";
import { Row } from "./Row";
import { RowMenu } from "./RowMenu";
import { SortHeader } from "./SortHeader";
import type { Selection } from "./useSelection";

interface Props {
  items: Promotion[];
  columns: readonly ColumnId[];
  sort: string;
  onSort: (sort: string) => void;
  selection: Selection;
  paging: Paging;
  /** What is shown is of the question before; the answer is on its way. */
  isStale: boolean;
}

/** The promotions as a table. */
export function Grid({ items, columns, sort, onSort, selection, paging, isStale }: Props) {
  const drawn = useMemo(() => columnsOf(columns, sort, onSort), [columns, sort, onSort]);
  return (
    <DataTable<Promotion>
      className={classes.grid}
      classNames={{ header: classes.gridHeader, pagination: classes.paging }}
      style={{ opacity: isStale ? 0.55 : 1 }}
      aria-busy={isStale}
      idAccessor="promotion_id"
      records={items}
      columns={drawn}
      horizontalSpacing={8}
      verticalSpacing={8}
      fz={14}
      highlightOnHover
      pinFirstColumn
      pinLastColumn
      selectedRecords={selection.chosen}
      onSelectedRecordsChange={selection.choose}
      isRecordSelectable={selection.isSelectable}
      getRecordSelectionCheckboxProps={selectionLabel}
      allRecordsSelectionCheckboxProps={{ className: classes.hidden, disabled: true }}
      rowFactory={({ record, index, rowProps, children }) => (
        <Row key={record.promotion_id} {...{ record, index, rowProps }} madeOf={[drawn, selection]}>
          {children}
        </Row>
      )}
      {...pagingOf(paging)}
    />
  );
}

const selectionLabel = (one: Promotion) => ({
  size: "xs",
  "aria-label": `Select ${one.name} to compare`,
});

const smaller = () => ({ fontSize: 13 });

/** Pinned cells say where they stick themselves: rows are not drawn again when the table has measured its columns. */
const pinned = (side: "left" | "right", offset: number) => ({
  cellsStyle: () => ({ position: "sticky" as const, [side]: offset }),
  customCellAttributes: () => ({ "data-pinned": side, "data-pinned-shadow": side }),
});

/** How wide the column of checkboxes is in the table's own styles. */
const CHECKBOX_WIDTH = 44;

function columnsOf(
  ids: readonly ColumnId[],
  sort: string,
  onSort: (sort: string) => void,
): DataTableColumn<Promotion>[] {
  const columns = ids.map((id): DataTableColumn<Promotion> => {
    const Cell = CELLS[id];
    return {
      accessor: id,
      title: <SortHeader column={id} sort={sort} onSort={onSort} />,
      textAlign: COLUMNS[id].isNumber ? "right" : "left",
      width: COLUMNS[id].width,
      ...(id === "name" && pinned("left", CHECKBOX_WIDTH)),
      ...(id === "kind" && { cellsStyle: smaller }),
      noWrap: true,
      render: (promotion) => <Cell promotion={promotion} />,
    };
  });
  const menu: DataTableColumn<Promotion> = {
    accessor: "actions",
    title: <span className="only-read-aloud">Actions</span>,
    width: 42,
    ...pinned("right", 0),
    textAlign: "right",
    render: (promotion) => <RowMenu promotion={promotion} />,
  };
  return [...columns, menu];
}
