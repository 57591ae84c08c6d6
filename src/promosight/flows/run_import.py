"""Running an import: the rows of files, taken in piece by piece, counted once at the end.

While one piece is written the next is read. Stopping anywhere is safe: what was taken stays and is told from
new rows by its identity when the same file comes again.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from itertools import chain, repeat
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from promosight.flows.define_promotions import Definitions, define_promotions
from promosight.flows.intake import Delivery, Piece, Receipt
from promosight.flows.know_customers import Acquaintance, know_customers
from promosight.flows.publish import finish_import, note_import, start_import
from promosight.flows.report import report
from promosight.rules.instants import SECOND_US
from promosight.store.engine import Store, each_alone
from promosight.store.rows import Arrival

KINDS = ("promotions", "customers", "assignments", "redemptions")
PIECE_ROWS = 20_000
"""Rows of a file that become facts in one transaction: enough to touch each page of the store once for many."""

MAX_LISTED = 100
"""Rows listed with their reason in a report; all of them are counted, and kept under problems."""

_DEFINED_TOGETHER = 100
"""Promotions defined in one transaction: each may match all its facts anew."""

_NOTED_EVERY_US = SECOND_US
_outcome = attrgetter("outcome")


def gathered(kind: str, pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Small pieces of a file as larger ones: not very large at first, so that something is to be seen soon."""
    if kind == "promotions":
        sizes: Iterable[int] = repeat(_DEFINED_TOGETHER)
    else:
        sizes = chain((PIECE_ROWS // 4, PIECE_ROWS // 4, PIECE_ROWS // 2), repeat(PIECE_ROWS))
    remaining = iter(pieces)
    for size in sizes:
        lines: list[int] = []
        items: list[Any] = []
        failure: Exception | None = None
        try:
            for piece in remaining:
                lines += piece.lines
                items += piece.items
                if len(items) >= size:
                    break
        except Exception as error:  # noqa: BLE001 - what was read before it is taken first
            failure = error
        if items:
            yield Piece(lines, items)
        if failure is not None:
            raise failure
        if not items:
            return


def each_a_piece(rows: Iterable[tuple[int, Any]]) -> Iterator[Piece]:
    """Rows of (line, item) that come one by one."""
    return (Piece((line,), (item,)) for line, item in rows)


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

    def add(self, file: str, lines: Sequence[int], receipts: list[Receipt]) -> None:
        """Counts rows, and lists those that were rejected while there is room."""
        self.rows += len(receipts)
        self.outcomes.update(map(_outcome, receipts))
        for line, receipt in zip(lines, receipts, strict=True):
            if receipt.reason is None:
                continue
            self.reasons.setdefault(receipt.outcome, Counter())[receipt.reason] += 1
            if receipt.outcome == "rejected" and len(self.problems) < MAX_LISTED:
                why = (receipt.reason, receipt.pointer, receipt.detail)
                self.problems.append(Problem(file, line, receipt.event_id, receipt.outcome, *why))


class _Taken(NamedTuple):
    file: str
    lines: Sequence[int]
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
        self._waiting: deque[_Taken] = deque()
        self.report = ImportReport(kind)
        import_no = store.change(
            lambda tx: start_import(
                tx, workspace_no, source_no, kind=kind, name=name, now_us=clock()
            )
        )
        self._arrival = Arrival(workspace_no, source_no, import_no, clock())
        self._noted_us = 0
        self._noting: Future[Any] | None = None

    def take(self, file: str, pieces: Iterable[Piece]) -> Iterator[int]:
        """Takes pieces of a file; yields how many rows of all files are done."""
        try:
            for piece in gathered(self.report.kind, pieces):
                self._submit(file, piece)
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

    def _submit(self, file: str, piece: Piece) -> None:
        arrival = self._arrival._replace(received_us=self._clock())
        items = [*piece.items]
        weight = len(items)
        receipts: Future[list[Receipt]]
        if self.report.kind == "promotions":
            receipts = self._store.submit(
                define_promotions, Definitions(arrival, items), weight=weight
            )
        elif self.report.kind == "customers":
            receipts = self._store.submit(
                know_customers, Acquaintance(arrival, items), weight=weight
            )
        else:
            receipts = self._store.submit(
                report, Delivery(arrival, items, brief=True), weight=weight
            )
        self._waiting.append(_Taken(file, piece.lines, receipts))

    def _collect(self) -> None:
        taken = self._waiting.popleft()
        self.report.add(taken.file, taken.lines, taken.receipts.result())
        if self._clock() >= self._noted_us + _NOTED_EVERY_US:
            self._note()

    def _note(self) -> None:
        """Says how far it is, without waiting for the store to have written it."""
        if self._noting is not None:
            self._noting.result()
        import_no, now_us = self._arrival.import_no, self._clock()
        rows, outcomes = self.report.rows, dict(self.report.outcomes)
        self._noted_us = now_us
        self._noting = self._store.submit(
            each_alone,
            lambda tx: note_import(tx, import_no, rows_read=rows, outcomes=outcomes, now_us=now_us),
        )
