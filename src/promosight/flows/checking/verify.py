"""Verifying: every figure computed anew from the facts by a second engine.

The store's facts are written to files, read by an in-process DuckDB, and counted there by the
portable SQL of `store/metrics`, which shares no line with the rules that counted them first. Two
engines that agree on every outcome and every counter, to the last digit, are the proof that a
figure is what the facts say; each difference is named.

Many facts are counted slice by slice of customers, as many at a time as the second engine has memory for.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from promosight.errors import StoreError
from promosight.flows.checking.extract import (
    Progress,
    extract,
    local_days,
    slice_folders,
    write_rows,
)
from promosight.flows.checking.extract_money import extract_money
from promosight.flows.checking.kept_groups import differing_uses
from promosight.rules.instants import LocalDays
from promosight.rules.measures import MEASURES
from promosight.rules.tallies import (
    DIMENSIONS,
)
from promosight.store.catalogue import Catalogue
from promosight.store.engine import Store
from promosight.store.recount import (
    Ask,
    Row,
    add_up,
    comparison,
    count_slice,
    create_inputs,
    forget_slice,
    in_short,
    steps,
)
from promosight.store.tx import Tx

MAX_LISTED = 1_000
"""Differing rows of each kind that a report lists; all of them are counted."""

_LEAST_MEMORY_MB = 1_024
_FACTS_A_MB = 5_000
"""The second engine spills what it can; of a join of large tables it holds a part: about 130 bytes a fact."""
_FIXED_MB = 64
"""What it needs however few the facts."""
_MOST_SLICES = 64
_EVENT_MEASURES = ("outcome", "reason", "slot", "live", "cost_micros", "currency")
_ASSIGNMENT_MEASURES = ("redeemed_us", "committed_micros", "currency")
_KEPT_MEASURES = (
    "uses",
    "uses_undone",
    "uses_redeemed_us",
    "uses_first",
    "uses_last",
    "uses_import_no",
)
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
    slices: int | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> VerifyReport:
    """Recomputes every figure of a workspace (None: of all) and compares it with the stored one.

    Usage and return depend on the time: they are compared as of `now_us`, and not at all without it.
    `folder` is where temporary files may lie (about 250 bytes a fact, and as much again for a large
    slice when memory is short); `memory_mb` bounds the second engine, else 1 GiB: the facts are counted
    in as many `slices` as that asks for. Raises StoreError where it is not enough.
    """
    started = clock()
    report = VerifyReport()
    numbers = [workspace_no]
    if workspace_no is None:
        numbers = [row[0] for row in store.read(lambda tx: tx.all("workspaces"))]
    for number in numbers:
        assert number is not None
        with tempfile.TemporaryDirectory(prefix="promosight-verify-", dir=folder) as path:
            _verify_workspace(
                store, number, Path(path), now_us, memory_mb, slices, progress, report
            )
    report.seconds = clock() - started
    return report


def _verify_workspace(
    store: Store,
    workspace_no: int,
    folder: Path,
    now_us: int | None,
    memory_mb: int | None,
    wanted: int | None,
    progress: Progress | None,
    report: VerifyReport,
) -> None:
    def written(tx: Tx) -> tuple[Catalogue, int, int, list[Row]]:
        size = tx.all("verify_size")[0][0]
        slices = wanted or slices_of(size, memory_mb or _LEAST_MEMORY_MB)
        catalogue, facts = extract(tx, workspace_no, folder, progress, slices=slices)
        if now_us is not None:
            extract_money(tx, catalogue, folder, now_us=now_us, slices=slices)
        return catalogue, facts, slices, differing_uses(tx, workspace_no)

    catalogue, facts, slices, kept = store.read(written)
    report.facts += facts
    memory_mb = memory_for(facts // slices, memory_mb)
    with second_engine(folder, memory_mb) as ask:
        compare_slices(ask, catalogue, report, folder, slices)
    Comparison(names_of(catalogue), report).add_kept(kept)


def slices_of(facts: int, memory_mb: int) -> int:
    """In how many slices so many facts are counted with so much memory."""
    room = max(1, memory_mb - _FIXED_MB) * _FACTS_A_MB
    return min(_MOST_SLICES, 1 + facts // room)


def memory_for(facts: int, memory_mb: int | None, engines: int = 1) -> int:
    """How much memory each of so many engines has for a slice of so many facts: of what is given, or what it needs."""
    if memory_mb is not None:
        return max(1, memory_mb // engines)
    return max(_LEAST_MEMORY_MB // engines, _FIXED_MB + facts // _FACTS_A_MB)


def compare_slices(
    ask: Ask, catalogue: Catalogue, report: VerifyReport, folder: Path, slices: int
) -> None:
    """Counts what was written to `folder` slice by slice, and adds to the report what differs."""
    found = Comparison(names_of(catalogue), report)
    create_inputs(ask)
    _copy_all(ask, folder)
    for number, its in enumerate(slice_folders(folder, slices)):
        if number:
            forget_slice(ask)
        _copy_all(ask, its)
        _copy_days(ask, folder, catalogue.days)
        count_slice(ask, first=number == 0)
        found.add_slice(differing_in_slice(ask))
    add_up(ask)
    found.all_counted(ask)


@contextmanager
def second_engine(folder: Path, memory_mb: int, *, threads: int | None = None) -> Iterator[Ask]:
    """DuckDB, on all cores unless told. Raises StoreError when its memory is not enough."""
    import duckdb  # a heavy import that only this command needs

    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{memory_mb}MB",
        "temp_directory": str(folder / "spill"),
        "preserve_insertion_order": "false",
    }
    if threads is not None:
        config["threads"] = threads
    with duckdb.connect(":memory:", config=config) as connection:
        try:
            yield lambda text: connection.execute(text).fetchall()
        except duckdb.OutOfMemoryException as error:
            raise StoreError(
                f"counting anew needs more than {memory_mb:,} MB of memory, or more room for temporary "
                "files: give it more with --memory-mb, or set TMPDIR to a larger disk"
            ) from error
        except duckdb.IOException as error:
            raise StoreError(
                f"the second engine cannot use its files: {in_short(error)}"
            ) from error


def load_inputs(ask: Ask, folder: Path, days: LocalDays) -> None:
    """Makes the inputs in DuckDB and fills them from the files in `folder`."""
    create_inputs(ask)
    _copy_all(ask, folder)
    _copy_days(ask, folder, days)


def _copy_all(ask: Ask, folder: Path) -> None:
    for step in steps("inputs"):
        if (folder / f"{step.name}.csv").exists():
            load_file(ask, folder, step.name)


def _copy_days(ask: Ask, folder: Path, days: LocalDays) -> None:
    utc_days = (row[0] for row in ask("SELECT from_us FROM utc_day"))
    write_rows(folder, "local_day", local_days(days, utc_days))
    load_file(ask, folder, "local_day")


def load_file(ask: Ask, folder: Path, table: str) -> None:
    """Fills a table from its file in `folder`, and removes the file."""
    path = folder / f"{table}.csv"
    quoted = str(path).replace("'", "''")
    ask(
        f"COPY {table} FROM '{quoted}' (FORMAT csv, AUTO_DETECT false, HEADER false, "
        "DELIMITER ',', QUOTE '\"', ESCAPE '\"', NULLSTR '')"
    )
    path.unlink()


def compare(ask: Ask, catalogue: Catalogue, report: VerifyReport) -> None:
    """Adds to the report whatever the store and the metrics say differently of facts counted at once."""
    found = Comparison(names_of(catalogue), report)
    found.add_slice(differing_in_slice(ask))
    found.all_counted(ask)


class Names(NamedTuple):
    """What differences are told by: a workspace and its promotions, by number."""

    workspace_id: str
    promotion_ids: Mapping[int, str]


def names_of(catalogue: Catalogue) -> Names:
    """The names of a catalogue."""
    promotion_ids = {no: listed.promotion_id for no, listed in catalogue.by_no.items()}
    return Names(catalogue.workspace.workspace_id, promotion_ids)


def names_in(ask: Ask, workspace_id: str) -> Names:
    """The names that stand in the inputs."""
    rows = ask("SELECT promotion_no, promotion_id FROM promotion_terms")
    return Names(workspace_id, {row[0]: row[1] for row in rows})


class Differing(NamedTuple):
    """What is different in a slice: how many events it has, the first rows of each kind, how many more there are."""

    events: int
    rows: dict[str, list[Row]]
    more: int


def differing_in_slice(ask: Ask) -> Differing:
    """Takes down what is different in the slice just counted."""
    rows, more = {}, 0
    for name in _OF_SLICES:
        rows[name], beyond = _first_rows(ask, name)
        more += beyond
    return Differing(ask("SELECT COUNT(*) FROM verdict")[0][0], rows, more)


def _first_rows(ask: Ask, name: str) -> tuple[list[Row], int]:
    """The first rows of a kind of difference, and how many there are beyond."""
    text = comparison()[name]
    rows = ask(f"{text} LIMIT {MAX_LISTED}")
    if len(rows) < MAX_LISTED:
        return rows, 0
    return rows, ask(f"SELECT COUNT(*) FROM ({text}) AS f")[0][0] - MAX_LISTED


class Comparison:
    """What the store and the metrics say differently: of each slice's facts, then of what they come to."""

    def __init__(self, names: Names, report: VerifyReport) -> None:
        self._names = names
        self._report = report
        self._rows: dict[str, list[Row]] = {}

    def add_slice(self, found: Differing) -> None:
        """Takes what is different in a slice."""
        self._report.events += found.events
        self._report.different += found.more
        for name, rows in found.rows.items():
            self._keep(name, rows)

    def all_counted(self, ask: Ask) -> None:
        """Compares the whole, and adds to the report all that is different."""
        wanted = comparison()
        self._report.cells += ask(wanted["compared_cells"])[0][0]
        self._report.amounts += ask(wanted["compared_amounts"])[0][0]
        for name, (reader, _) in _READERS.items():
            if name not in _OF_SLICES:
                rows, more = _first_rows(ask, name)
                self._report.different += more
                self._keep(name, rows)
            for row in self._rows[name]:
                self._add(row, reader)

    def add_kept(self, rows: list[Row]) -> None:
        """Adds what is kept of busy groups and not what their events say."""
        self._report.different += len(rows[MAX_LISTED:])
        for row in rows[:MAX_LISTED]:
            self._add(row, _kept)

    def _keep(self, name: str, rows: list[Row]) -> None:
        """Keeps the first of these rows and those of the slices before; the others are counted."""
        if before := self._rows.get(name):
            _, columns = _READERS[name]
            rows = sorted(before + rows, key=lambda row: _in_order(row[:columns]))
        self._rows[name] = rows[:MAX_LISTED]
        self._report.different += len(rows) - len(self._rows[name])

    def _add(self, row: Row, reader: Callable[[Row], Iterator[_Found]]) -> None:
        promotion_id = self._names.promotion_ids.get(row[0])
        for found in reader(row):
            self._report.add(Difference(self._names.workspace_id, promotion_id, *found))


def _in_order(row: Row) -> tuple[tuple[bool, Value], ...]:
    """A key by which rows lie as the second engine orders them, NULL last."""
    return tuple((value is None, 0 if value is None else value) for value in row)


_Found = tuple[str, str, Value, Value]
"""Where, which measure, stored, computed."""


def _cell(row: Row) -> Iterator[_Found]:
    _, dimension, key, measure, currency, stored, computed = row
    words = (DIMENSIONS[dimension], key, currency)
    yield " ".join(word for word in words if word), MEASURES[measure], int(stored), int(computed)


def _last_event(row: Row) -> Iterator[_Found]:
    yield "total", "last_event_us", row[1], row[2]


def _event(row: Row) -> Iterator[_Found]:
    yield from _pairs(f"event {row[1]} {row[2]}", _EVENT_MEASURES, row[3:])


def _assignment(row: Row) -> Iterator[_Found]:
    yield from _pairs(f"assignment {row[1]}", _ASSIGNMENT_MEASURES, row[2:])


def _kept(row: Row) -> Iterator[_Found]:
    yield from _pairs(row[1], _KEPT_MEASURES, row[2:])


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


_READERS: dict[str, tuple[Callable[[Row], Iterator[_Found]], int]] = {
    "differing_cells": (_cell, 5),
    "differing_last_events": (_last_event, 1),
    "differing_events": (_event, 3),
    "misplaced_events": (_misplaced, 3),
    "differing_assignments": (_assignment, 2),
    "differing_amounts": (_amount, 3),
    "differing_reservations": (_reservation, 2),
}
"""The statements of the comparison in the order of the report: who reads them, by how many columns they are ordered."""
_OF_SLICES = ("differing_events", "misplaced_events", "differing_assignments")
