"""Writing what a workspace's store holds into files for a second engine to read.

One CSV file for each input of the metrics, written row by row from one consistent snapshot, so
that memory stays constant however many facts there are. An unquoted empty field stands for NULL.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any

from promosight.flows.counters import every_outstanding
from promosight.rules.instants import DAY_US, LocalDays
from promosight.rules.money import UNIT_MARK
from promosight.store.catalogue import Catalogue, Listed, load
from promosight.store.rows import derived_id
from promosight.store.tx import Tx

Row = tuple[Any, ...]
Progress = Callable[[int], None]
"""Called with the number of facts written since the last call."""

_CHUNK = 10_000
_CUSTOMER_NO, _SLOT, _ASSIGNMENT_ID = 2, 3, 7
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAMED = {
    "issued_code": "verify_codes",
    "known_customer": "verify_customers",
}


def extract(
    tx: Tx, workspace_no: int, folder: Path, progress: Progress | None = None
) -> tuple[Catalogue, int]:
    """Writes a file for every input but `local_day`; returns the catalogue and how many facts."""
    catalogue = load(tx, workspace_no)
    write_catalogue(catalogue, folder)
    for table, statement in _NAMED.items():
        write_rows(folder, table, tx.each(statement, workspace_no=workspace_no))
    _write_counters(tx, workspace_no, folder)
    assignments = map(_with_public_id, tx.each("verify_assignments", workspace_no=workspace_no))
    events = tx.each("verify_events", workspace_no=workspace_no)
    facts = write_rows(folder, "ledger_assignment", assignments, progress)
    facts += write_rows(folder, "ledger_event", events, progress)
    return catalogue, facts


def _write_counters(tx: Tx, workspace_no: int, folder: Path) -> None:
    """The counters of both layers, and what is outstanding beside them."""
    sums, last_event_us = every_outstanding(tx, workspace_no)
    outstanding = (
        (promotion_no, dimension, key, currency, *values)
        for (promotion_no, dimension, key, currency), values in sums.items()
    )
    stored = tx.each("verify_cells", workspace_no=workspace_no)
    write_rows(folder, "stored_cell", chain(stored, outstanding))
    for promotion_no, redeemed_us in tx.each("verify_last_events", workspace_no=workspace_no):
        latest = max(redeemed_us, last_event_us.get(promotion_no, redeemed_us))
        last_event_us[promotion_no] = latest
    write_rows(folder, "stored_last_event", last_event_us.items())


def write_rows(
    folder: Path, table: str, rows: Iterable[Row], progress: Progress | None = None
) -> int:
    """Writes the file of one input; returns the number of rows."""
    remaining, count = iter(rows), 0
    with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        while chunk := list(islice(remaining, _CHUNK)):
            writer.writerows(chunk)
            count += len(chunk)
            if progress is not None:
                progress(len(chunk))
    return count


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
