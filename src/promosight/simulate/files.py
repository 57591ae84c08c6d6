"""A simulated brand written to a folder, as the files a brand would hand over.

NDJSON holds the records as they are. CSV is flat: lists are joined by `|`, metadata and attributes
have a column for each of their names, an absent field is empty. Promotions are nested and so always
NDJSON.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Protocol

from promosight.errors import Invalid
from promosight.simulate.reports import Delivery, Record

FORMATS = ("ndjson", "csv")
COLUMNS = {
    "customers": (
        *("customer_id", "segments", "opt_outs"),
        *("country", "joined_at", "average_order", "plays", "shops"),
    ),
    "assignments": (
        *("promotion_id", "customer_id", "assigned_at", "assignment_id", "campaign_id"),
        *("occurrence", "tier_id", "segment", "channel", "channels", "promo_code"),
        *("reward_value", "currency", "expires_at", "max_redemptions", "control"),
    ),
    "redemptions": (
        *("event_id", "type", "reverses", "promotion_id", "promo_code", "customer_id"),
        *("redeemed_at", "assignment_id", "campaign_id", "tier_id", "channel", "reward_value"),
        *("currency", "order_id", "order_value", "till", "game"),
    ),
}
"""The columns of each CSV file."""

_PROGRESS_ROWS = 1_000
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Dataset(Protocol):
    """What can be written: a `Brand` or a `Load`."""

    def promotions(self) -> Iterator[Record]:
        """Promotions."""

    def customers(self) -> Iterator[Record]:
        """Customers."""

    def assignments(self) -> Iterator[Record]:
        """Assignments, in the order of delivery."""

    def redemption_deliveries(self) -> Iterator[Delivery]:
        """Redemptions and reversals, in the order of delivery."""


class _Writer:
    """One kind of record, to a file of each format; counts rows."""

    def __init__(self, stack: ExitStack, folder: Path, name: str, formats: Iterable[str]) -> None:
        self.rows: dict[Path, int] = {}
        self._json: IO[str] | None = None
        self._csv: Any = None
        self._columns = COLUMNS.get(name.split("-")[0])
        for form in formats:
            path = folder / f"{name}.{form}"
            file = stack.enter_context(path.open("w", encoding="utf-8", newline=""))
            self.rows[path] = 0
            if form == "ndjson":
                self._json = file
            elif self._columns is not None:
                self._csv = csv.writer(file, lineterminator="\n")
                self._csv.writerow(self._columns)

    def write(self, record: Record) -> None:
        """Write one record to each file."""
        if self._json is not None:
            self._json.write(_to_json(record) + "\n")
        if self._csv is not None and self._columns is not None:
            row = flat(record)
            self._csv.writerow([row.get(name, "") for name in self._columns])
        for path in self.rows:
            self.rows[path] += 1


def write(
    dataset: Dataset,
    folder: Path,
    formats: Iterable[str] = ("ndjson",),
    *,
    by_source: bool = False,
    progress: Callable[[str, int], None] | None = None,
) -> dict[Path, int]:
    """Write all records of a brand; returns the rows (less the header) of each file.

    Makes the folder, replaces files of the same name. `by_source` writes redemptions apart for each
    source (`redemptions-checkout.ndjson`). `progress` is called with the kind and its rows so far,
    now and then. Raises Invalid for an unknown format, OSError when the folder cannot be written.
    """
    chosen = tuple(dict.fromkeys(formats))
    if not chosen or set(chosen) - set(FORMATS):
        raise Invalid("must be some of " + ", ".join(FORMATS), pointer="/formats")
    folder.mkdir(parents=True, exist_ok=True)
    streams = (
        ("promotions", ("ndjson",), _named("promotions", dataset.promotions())),
        ("customers", chosen, _named("customers", dataset.customers())),
        ("assignments", chosen, _named("assignments", dataset.assignments())),
        ("redemptions", chosen, _sourced(dataset.redemption_deliveries(), by_source)),
    )
    written: dict[Path, int] = {}
    for kind, forms, named in streams:
        written |= _write_kind(folder, kind, forms, named, progress)
    return written


def _named(name: str, records: Iterator[Record]) -> Iterator[tuple[str, Record]]:
    return ((name, record) for record in records)


def _sourced(deliveries: Iterator[Delivery], by_source: bool) -> Iterator[tuple[str, Record]]:
    for one in deliveries:
        yield (f"redemptions-{one.source}" if by_source else "redemptions"), one.record


def _write_kind(
    folder: Path,
    kind: str,
    formats: tuple[str, ...],
    named: Iterator[tuple[str, Record]],
    progress: Callable[[str, int], None] | None,
) -> dict[Path, int]:
    writers: dict[str, _Writer] = {}
    rows = 0
    with ExitStack() as stack:
        for name, record in named:
            if name not in writers:
                writers[name] = _Writer(stack, folder, name, formats)
            writers[name].write(record)
            rows += 1
            if progress is not None and rows % _PROGRESS_ROWS == 0:
                progress(kind, rows)
        if not writers:  # a file with nothing in it says that there was nothing
            writers[kind] = _Writer(stack, folder, kind, formats)
    if progress is not None:
        progress(kind, rows)
    return {path: count for writer in writers.values() for path, count in writer.rows.items()}


def flat(record: Record) -> dict[str, str]:
    """A record as CSV cells: lists joined by `|`, nested names as columns of their own."""
    cells: dict[str, str] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            cells |= flat(value)
        elif isinstance(value, list):
            cells[name] = "|".join(value)
        elif isinstance(value, bool):
            cells[name] = "true" if value else "false"
        else:
            cells[name] = str(value)
    return cells
