"""Writing what a workspace's store holds into files for a second engine to read.

One CSV file for each input of the metrics, written row by row from one consistent snapshot, so
that memory stays constant however many facts there are. An unquoted empty field stands for NULL.

What belongs to customers may be written in slices of them, each into a folder of its own, so that the second engine
need not hold all of them at once.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO

from promosight.errors import StoreError
from promosight.flows.ledger.counters import every_outstanding
from promosight.rules.instants import DAY_US, LocalDays
from promosight.rules.measures import in_whole
from promosight.rules.money import UNIT_MARK
from promosight.store.catalogue import Catalogue, Listed, load
from promosight.store.rows import derived_id
from promosight.store.tx import Tx

Row = tuple[Any, ...]
Progress = Callable[[int], None]
"""Called with the number of facts written since the last call."""

_CHUNK = 10_000
_CUSTOMER_NO, _SLOT, _ASSIGNMENT_ID = 2, 3, 7
BESIDE = -1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBERS = 63
"""Bits of the number of a customer."""


def slice_folders(folder: Path, slices: int) -> list[Path]:
    """The folders of so many slices; the only one is `folder` itself."""
    if slices == 1:
        return [folder]
    return [folder / f"slice-{number}" for number in range(slices)]


def extract(
    tx: Tx,
    workspace_no: int,
    folder: Path,
    progress: Progress | None = None,
    *,
    slices: int = 1,
) -> tuple[Catalogue, int]:
    """Writes a file for every input but `local_day`; returns the catalogue and how many facts."""
    catalogue, folders = load(tx, workspace_no), slice_folders(folder, slices)
    write_catalogue(catalogue, folder)
    write_rows(folder, "issued_code", tx.each("verify_codes", workspace_no=workspace_no))
    known = tx.each("verify_customers", workspace_no=workspace_no)
    write_slices(folders, "known_customer", known, customer=0)
    _write_counters(tx, workspace_no, folder)
    assignments = map(_with_public_id, tx.each("verify_assignments", workspace_no=workspace_no))
    facts = write_slices(folders, "ledger_assignment", assignments, progress)
    for statement, customer in (("verify_events", _CUSTOMER_NO), ("verify_reversals", BESIDE)):
        events = tx.each(statement, workspace_no=workspace_no)
        facts += write_slices(folders, "ledger_event", events, progress, customer=customer)
    return catalogue, facts


def _write_counters(tx: Tx, workspace_no: int, folder: Path) -> None:
    """The counters of both layers, and what is outstanding beside them."""
    sums, last_event_us = every_outstanding(tx, workspace_no)
    outstanding = (
        (promotion_no, dimension, key, currency, *values)
        for (promotion_no, dimension, key, currency), values in sums.items()
    )
    stored = (
        (*row[:4], *in_whole(row[4:])) for row in tx.each("verify_cells", workspace_no=workspace_no)
    )
    write_rows(folder, "stored_cell", chain(stored, outstanding))
    for promotion_no, redeemed_us in tx.each("verify_last_events", workspace_no=workspace_no):
        latest = max(redeemed_us, last_event_us.get(promotion_no, redeemed_us))
        last_event_us[promotion_no] = latest
    write_rows(folder, "stored_last_event", last_event_us.items())


def write_rows(folder: Path, table: str, rows: Iterable[Row]) -> int:
    """Writes the file of one input; returns the number of rows."""
    return write_slices([folder], table, rows)


def write_slices(
    folders: Sequence[Path],
    table: str,
    rows: Iterable[Row],
    progress: Progress | None = None,
    *,
    customer: int = _CUSTOMER_NO,
) -> int:
    """Adds rows to the files of one input, each in the slice of the customer whose number stands at a place of it.

    At the place BESIDE it is no part of the input. Returns the number of rows.
    """
    remaining, count, slices = iter(rows), 0, len(folders)
    with ExitStack() as files:
        writers = []
        for folder in folders:
            folder.mkdir(exist_ok=True)
            path = folder / f"{table}.csv"
            writers.append(
                (path, csv.writer(files.enter_context(_added_to(path)), lineterminator="\n"))
            )
        while chunk := list(islice(remaining, _CHUNK)):
            piles: list[list[Row]] = [chunk] if slices == 1 else [[] for _ in folders]
            if slices > 1:
                for row in chunk:
                    piles[row[customer] * slices >> _NUMBERS].append(row)
            for (path, writer), pile in zip(writers, piles, strict=True):
                with room_for(path):
                    writer.writerows((row[:-1] for row in pile) if customer == BESIDE else pile)
            count += len(chunk)
            if progress is not None:
                progress(len(chunk))
    return count


@contextmanager
def _added_to(path: Path) -> Iterator[TextIO]:
    with room_for(path), path.open("a", encoding="utf-8", newline="") as file:
        yield file


@contextmanager
def room_for(path: Path) -> Iterator[None]:
    """Raises StoreError, which names a temporary file, where it cannot be written."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{error.filename or path}: {error.strerror or error}; temporary files lie where TMPDIR says"
        ) from error


def local_days(days: LocalDays, utc_days_us: Iterable[int]) -> Iterator[Row]:
    """The local days that touch days of UTC: name, first instant, first instant of the next."""
    ordinals = {
        (_EPOCH + timedelta(microseconds=start_us)).toordinal() + shift
        for start_us in utc_days_us
        for shift in (-1, 0, 1)
    }
    first, last = date.min.toordinal(), date.max.toordinal()
    for ordinal in sorted(o for o in ordinals if first <= o <= last):
        day = date.fromordinal(ordinal)
        from_us = days.start_us(day)
        if ordinal == last:
            until_us = from_us + 2 * DAY_US  # the calendar ends here, in every zone
        else:
            until_us = days.start_us(date.fromordinal(ordinal + 1))
        yield day.isoformat(), from_us - DAY_US if ordinal == first else from_us, until_us


def write_catalogue(catalogue: Catalogue, folder: Path) -> None:
    """Writes the files of the terms that facts are judged by."""
    workspace = catalogue.workspace
    listed = catalogue.by_no.values()
    write_rows(folder, "workspace_terms", [(workspace.tracking_from_us, workspace.currency)])
    write_rows(folder, "source_name", catalogue.sources.items())
    write_rows(folder, "promotion_terms", map(_terms_row, listed))
    tiers = ((p.promotion_no, *tier) for p in listed for tier in p.terms.tier_micros.items())
    write_rows(folder, "tier_terms", tiers)
    codes = ((p.promotion_no, code) for p in listed for code in sorted(set(p.codes)))
    write_rows(folder, "shared_code", codes)
    meanings = ((*word, promotion_no) for word, promotion_no in sorted(catalogue.mapped.items()))
    write_rows(folder, "word_meaning", meanings)


def _terms_row(p: Listed) -> Row:
    terms = p.terms
    return (
        p.promotion_no,
        p.promotion_id,
        int(terms.known),
        int(terms.draft),
        int(terms.historical),
        terms.max_redemptions,
        terms.currency,
        int(terms.currency.startswith(UNIT_MARK)),
        terms.value_micros,
    )


def _with_public_id(row: Row) -> Row:
    if row[_ASSIGNMENT_ID] is not None:
        return row
    derived = derived_id(row[_CUSTOMER_NO], row[_SLOT])
    return (*row[:_ASSIGNMENT_ID], derived, *row[_ASSIGNMENT_ID + 1 :])
