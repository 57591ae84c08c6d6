"""Verifying: every figure computed anew from the facts by a second engine.

The store's facts are written to files, read by an in-process DuckDB, and counted there by the
portable SQL of `store/metrics`, which shares no line with the rules that counted them first. Two
engines that agree on every outcome and every counter, to the last digit, are the proof that a
figure is what the facts say; each difference is named.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from promosight.errors import StoreError
from promosight.flows.extract import Progress, extract, local_days, write_rows
from promosight.flows.extract_money import extract_money
from promosight.rules.instants import LocalDays
from promosight.rules.tallies import DIMENSIONS, MEASURES
from promosight.store.catalogue import Catalogue
from promosight.store.engine import Store
from promosight.store.recount import Ask, Row, comparison, create_inputs, recount, steps
from promosight.store.tx import Tx

MAX_LISTED = 1_000
"""Differing rows of each kind that a report lists; all of them are counted."""

_LEAST_MEMORY_MB = 1_024
_FACTS_A_MB = 5_000
"""The second engine spills what it can; of a join of large tables it holds a part: about 130 bytes a fact."""
_EVENT_MEASURES = ("outcome", "reason", "slot", "live", "cost_micros", "currency")
_ASSIGNMENT_MEASURES = ("redeemed_us", "committed_micros", "currency")
_RESERVATION_MEASURES = (
    "assignment_id",
    "promotion_no",
    "customer_no",
    "tier_id",
    "assigned_us",
    "reward_micros",
)

Value = int | str | None


class Difference(msgspec.Struct, frozen=True):
    """A figure or derived value that is not what the facts say. `where` names the cell or fact."""

    workspace_id: str
    promotion_id: str | None
    where: str
    measure: str
    stored: Value
    computed: Value


class VerifyReport(msgspec.Struct):
    """What was compared, and what differs: how many in all, and the first of them listed.

    A fact beyond the list counts as one difference, however many of its derived values are wrong.
    """

    facts: int = 0
    cells: int = 0
    events: int = 0
    amounts: int = 0
    different: int = 0
    differences: list[Difference] = msgspec.field(default_factory=list)
    seconds: float = 0.0

    def add(self, difference: Difference) -> None:
        """Counts and lists a difference."""
        self.different += 1
        self.differences.append(difference)


def verify(
    store: Store,
    workspace_no: int | None,
    *,
    now_us: int | None = None,
    progress: Progress | None = None,
    folder: Path | None = None,
    memory_mb: int | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> VerifyReport:
    """Recomputes every figure of a workspace (None: of all) and compares it with the stored one.

    Usage and return depend on the time: they are compared as of `now_us`, and not at all without it.
    `folder` is where temporary files may lie (about 250 bytes a fact, and as much again for a large
    store when memory is short); `memory_mb` bounds the second engine, else as much as the facts need:
    1 GiB, or 200 bytes a fact where that is more. Raises StoreError where it is not enough.
    """
    started = clock()
    report = VerifyReport()
    numbers = [workspace_no]
    if workspace_no is None:
        numbers = [row[0] for row in store.read(lambda tx: tx.all("workspaces"))]
    for number in numbers:
        assert number is not None
        with tempfile.TemporaryDirectory(prefix="promosight-verify-", dir=folder) as path:
            _verify_workspace(store, number, Path(path), now_us, memory_mb, progress, report)
    report.seconds = clock() - started
    return report


def _verify_workspace(
    store: Store,
    workspace_no: int,
    folder: Path,
    now_us: int | None,
    memory_mb: int | None,
    progress: Progress | None,
    report: VerifyReport,
) -> None:
    def written(tx: Tx) -> tuple[Catalogue, int]:
        catalogue, facts = extract(tx, workspace_no, folder, progress)
        if now_us is not None:
            extract_money(tx, catalogue, folder, now_us=now_us)
        return catalogue, facts

    catalogue, facts = store.read(written)
    report.facts += facts
    memory_mb = memory_mb or max(_LEAST_MEMORY_MB, facts // _FACTS_A_MB)
    with _engine(folder, memory_mb) as ask:
        load_inputs(ask, folder, catalogue.days)
        recount(ask)
        compare(ask, catalogue, report)


@contextmanager
def _engine(folder: Path, memory_mb: int) -> Iterator[Ask]:
    """The second engine. Raises StoreError when its memory is not enough."""
    import duckdb  # a heavy import that only this command needs

    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{memory_mb}MB",
        "temp_directory": str(folder / "spill"),
        "preserve_insertion_order": "false",
    }
    with duckdb.connect(":memory:", config=config) as connection:
        try:
            yield lambda text: connection.execute(text).fetchall()
        except duckdb.OutOfMemoryException as error:
            raise StoreError(
                f"counting anew needs more than {memory_mb:,} MB of memory, or more room for temporary "
                "files: give it more with --memory-mb, or set TMPDIR to a larger disk"
            ) from error


def load_inputs(ask: Ask, folder: Path, days: LocalDays) -> None:
    """Makes the inputs in DuckDB and fills them from the files in `folder`."""
    create_inputs(ask)
    for step in steps("inputs"):
        if (folder / f"{step.name}.csv").exists():
            _copy(ask, folder, step.name)
    utc_days = (row[0] for row in ask("SELECT from_us FROM utc_day"))
    write_rows(folder, "local_day", local_days(days, utc_days))
    _copy(ask, folder, "local_day")


def _copy(ask: Ask, folder: Path, table: str) -> None:
    path = folder / f"{table}.csv"
    quoted = str(path).replace("'", "''")
    ask(
        f"COPY {table} FROM '{quoted}' (FORMAT csv, AUTO_DETECT false, HEADER false, "
        "DELIMITER ',', QUOTE '\"', ESCAPE '\"', NULLSTR '')"
    )
    path.unlink()


def compare(ask: Ask, catalogue: Catalogue, report: VerifyReport) -> None:
    """Adds to the report whatever the store and the metrics say differently."""
    wanted = comparison()
    report.cells += ask(wanted["compared_cells"])[0][0]
    report.events += ask("SELECT COUNT(*) FROM verdict")[0][0]
    report.amounts += ask(wanted["compared_amounts"])[0][0]
    readers: dict[str, Callable[[Row], Iterator[_Found]]] = {
        "differing_cells": _cell,
        "differing_last_events": _last_event,
        "differing_events": _event,
        "misplaced_events": _misplaced,
        "differing_assignments": _assignment,
        "differing_amounts": _amount,
        "differing_reservations": _reservation,
    }
    for name, reader in readers.items():
        rows = ask(f"{wanted[name]} LIMIT {MAX_LISTED}")
        if len(rows) == MAX_LISTED:
            report.different += (
                ask(f"SELECT COUNT(*) FROM ({wanted[name]}) AS f")[0][0] - MAX_LISTED
            )
        for row in rows:
            listed = catalogue.by_no.get(row[0])
            promotion_id = listed.promotion_id if listed else None
            for found in reader(row):
                report.add(Difference(catalogue.workspace.workspace_id, promotion_id, *found))


_Found = tuple[str, str, Value, Value]
"""Where, which measure, stored, computed."""


def _cell(row: Row) -> Iterator[_Found]:
    _, dimension, key, measure, currency, stored, computed = row
    words = (DIMENSIONS[dimension], key, currency)
    yield " ".join(word for word in words if word), MEASURES[measure], stored, computed


def _last_event(row: Row) -> Iterator[_Found]:
    yield "total", "last_event_us", row[1], row[2]


def _event(row: Row) -> Iterator[_Found]:
    yield from _pairs(f"event {row[1]} {row[2]}", _EVENT_MEASURES, row[3:])


def _assignment(row: Row) -> Iterator[_Found]:
    yield from _pairs(f"assignment {row[1]}", _ASSIGNMENT_MEASURES, row[2:])


def _amount(row: Row) -> Iterator[_Found]:
    _, place, measure, told, computed = row
    yield place, measure, int(told), int(computed)


def _reservation(row: Row) -> Iterator[_Found]:
    yield from _pairs(f"reservation {row[1]}", _RESERVATION_MEASURES, row[2:])


def _misplaced(row: Row) -> Iterator[_Found]:
    yield f"event {row[1]} {row[2]}", "promotion_no", row[3], row[4]


def _pairs(where: str, measures: tuple[str, ...], values: Row) -> Iterator[_Found]:
    for measure, stored, computed in zip(measures, values[::2], values[1::2], strict=True):
        if stored != computed:
            yield where, measure, stored, computed
