"""Running an import: the rows of files, taken in piece by piece, counted once at the end.

While one piece is written the next is read. Stopping anywhere is safe: what was taken stays and is told from
new rows by its identity when the same file comes again.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from promosight.flows.define_promotions import Definitions, define_promotions
from promosight.flows.intake import Delivery, Receipt
from promosight.flows.know_customers import Acquaintance, know_customers
from promosight.flows.publish import finish_import, note_import, start_import
from promosight.flows.report import report
from promosight.store.engine import Store
from promosight.store.rows import Arrival

KINDS = ("promotions", "customers", "assignments", "redemptions")
CHUNK_ROWS = 5_000
MAX_LISTED = 100
"""Rows listed with their reason in a report; all of them are counted, and kept under problems."""

_DEFINED_TOGETHER = 100
"""Promotions defined in one transaction: each may match all its facts anew."""


class Problem(msgspec.Struct):
    """A row that was rejected: where it stands and why."""

    file: str
    line: int
    event_id: str | None
    outcome: str
    reason: str | None
    pointer: str
    detail: str


class ImportReport(msgspec.Struct):
    """What became of the rows. `reasons` counts the reasons within an outcome."""

    kind: str
    rows: int = 0
    outcomes: Counter[str] = msgspec.field(default_factory=Counter)
    reasons: dict[str, Counter[str]] = msgspec.field(default_factory=dict)
    problems: list[Problem] = msgspec.field(default_factory=list)

    def add(self, file: str, line: int, receipt: Receipt) -> None:
        """Counts one row, and lists it when it was rejected and there is room."""
        self.rows += 1
        self.outcomes[receipt.outcome] += 1
        if receipt.reason is not None:
            self.reasons.setdefault(receipt.outcome, Counter())[receipt.reason] += 1
        if receipt.outcome == "rejected" and len(self.problems) < MAX_LISTED:
            why = (receipt.reason, receipt.pointer, receipt.detail)
            self.problems.append(Problem(file, line, receipt.event_id, receipt.outcome, *why))


class _Piece(NamedTuple):
    file: str
    lines: list[int]
    receipts: Future[list[Receipt]]


class RunningImport:
    """An import that has begun. `take` files, then `finish`; figures move when it finishes."""

    def __init__(
        self,
        store: Store,
        *,
        workspace_no: int,
        source_no: int,
        kind: str,
        name: str,
        clock: Callable[[], int],
    ) -> None:
        self._store = store
        self._clock = clock
        self._waiting: deque[_Piece] = deque()
        self.report = ImportReport(kind)
        import_no = store.change(
            lambda tx: start_import(
                tx, workspace_no, source_no, kind=kind, name=name, now_us=clock()
            )
        )
        self._arrival = Arrival(workspace_no, source_no, import_no, clock())

    def take(self, file: str, rows: Iterable[tuple[int, Any]]) -> Iterator[int]:
        """Takes rows of (line number, item); yields how many rows of all files are done."""
        size = _DEFINED_TOGETHER if self.report.kind == "promotions" else CHUNK_ROWS
        remaining = iter(rows)
        try:
            while chunk := list(islice(remaining, size)):
                self._submit(file, chunk)
                while len(self._waiting) > 1:
                    self._collect()
                yield self.report.rows
        finally:
            while self._waiting:
                self._collect()
        yield self.report.rows

    def finish(self, state: str = "done") -> ImportReport:
        """Publishes the figures of what was taken, all at once; `state` is `done` or `failed`."""
        _, _, import_no, _ = self._arrival
        workspace_no = self._arrival.workspace_no
        self._note()
        self._store.change(
            lambda tx: finish_import(tx, workspace_no, import_no, now_us=self._clock(), state=state)
        )
        return self.report

    def _submit(self, file: str, chunk: list[tuple[int, Any]]) -> None:
        arrival = self._arrival._replace(received_us=self._clock())
        items = [item for _, item in chunk]
        receipts: Future[list[Receipt]]
        if self.report.kind == "promotions":
            receipts = self._store.submit(define_promotions, Definitions(arrival, items))
        elif self.report.kind == "customers":
            receipts = self._store.submit(know_customers, Acquaintance(arrival, items))
        else:
            receipts = self._store.submit(report, Delivery(arrival, items))
        self._waiting.append(_Piece(file, [line for line, _ in chunk], receipts))

    def _collect(self) -> None:
        piece = self._waiting.popleft()
        for line, receipt in zip(piece.lines, piece.receipts.result(), strict=True):
            self.report.add(piece.file, line, receipt)
        self._note()

    def _note(self) -> None:
        import_no, now_us = self._arrival.import_no, self._clock()
        rows, outcomes = self.report.rows, dict(self.report.outcomes)
        self._store.change(
            lambda tx: note_import(tx, import_no, rows_read=rows, outcomes=outcomes, now_us=now_us)
        )
