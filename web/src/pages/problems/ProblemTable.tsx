import { DataTable } from "mantine-datatable";
import type { Problem } from "../../api/types";
import { titled } from "../../format";
import { Ago } from "../../look/Ago";
import { OutcomeTag, Tag } from "../../look/Tag";
import classes from "./problems.module.css";

interface Props {
  problems: Problem[];
  isFetching: boolean;
  open: (problem: Problem) => void;
  /** Of the refused ones, which are chosen; undefined where the role may not replay. */
  chosen?: Problem[];
  choose: (problems: Problem[]) => void;
}

/** One line for each problem. */
export function ProblemTable({ problems, isFetching, open, chosen, choose }: Props) {
  return (
    <DataTable
      records={problems}
      idAccessor="problem_id"
      fetching={isFetching && problems.length === 0}
      minHeight={problems.length === 0 ? 240 : undefined}
      highlightOnHover
      verticalSpacing={6}
      horizontalSpacing={8}
      fz="sm"
      selectedRecords={chosen}
      onSelectedRecordsChange={chosen && choose}
      isRecordSelectable={(one) => one.outcome === "rejected"}
      allRecordsSelectionCheckboxProps={{ "aria-label": "Choose all that can be replayed" }}
      getRecordSelectionCheckboxProps={(one) => ({ "aria-label": `Choose ${named(one)}` })}
      columns={[
        {
          accessor: "reason",
          title: "Problem",
          render: (one) => (
            <button type="button" className={classes.open} onClick={() => open(one)}>
              {titled(one.reason)}
            </button>
          ),
        },
        { accessor: "outcome", render: (one) => <Outcome problem={one} />, width: 90 },
        {
          accessor: "event_id",
          title: "Event",
          render: (one) => <span title={named(one)}>{named(one)}</span>,
          ellipsis: true,
          width: 184,
          cellsStyle: () => ({ fontSize: 13 }),
        },
        {
          accessor: "promotion_id",
          title: "Promotion",
          render: word("promotion_id"),
          ellipsis: true,
          width: 134,
        },
        {
          accessor: "customer_id",
          title: "Customer",
          render: word("customer_id"),
          ellipsis: true,
          width: 98,
        },
        { accessor: "source", ellipsis: true, width: 112 },
        {
          accessor: "received_at",
          title: "Received",
          noWrap: true,
          render: (one) => <Ago at={one.received_at} />,
        },
      ]}
    />
  );
}

function Outcome({ problem }: { problem: Problem }) {
  return problem.stale ? <Tag tone="bad">Stale</Tag> : <OutcomeTag outcome={problem.outcome} />;
}

export const named = (one: Problem) =>
  one.event_id ?? (one.line === null ? "No id" : `Line ${one.line}`);

const word = (name: "promotion_id" | "customer_id") => (one: Problem) => {
  const value = one[name];
  return typeof value === "string"
    ? value
    : value === null || value === undefined
      ? ""
      : "not text";
};
