"""Running an import: the rows of files, taken in piece by piece, counted once at the end.

While one piece is written the next is read. Stopping anywhere is safe: what was taken stays and is told from
new rows by its identity when the same file comes again.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from itertools import chain, repeat
from typing import Any

import msgspec

from promosight.errors import Overloaded
from promosight.flows.imports.publish import finish_import, leave_import, note_import, taken_earlier
from promosight.flows.imports.show_imports import PROBLEMS
from promosight.flows.promotions.define_ahead import define_ahead, with_large_ones_apart
from promosight.flows.promotions.define_promotions import Definitions, define_promotions
from promosight.flows.reporting.intake import (
    Delivery,
    Piece,
    Receipt,
    outcomes_of,
    rows_with,
)
from promosight.flows.reporting.know_customers import Acquaintance, know_customers
from promosight.flows.reporting.rejecting import Refused
from promosight.flows.reporting.report import report
from promosight.flows.reporting.take_outcomes import OutcomeDelivery, take_outcomes
from promosight.rules.counting import MANY
from promosight.rules.instants import SECOND_US
from promosight.rules.reasons import explain
from promosight.rules.sheets import Sheet, joined, says_one_thing
from promosight.store.engine import Store, each_alone
from promosight.store.rows import Arrival
from promosight.store.tx import Row, Tx
from promosight.store.waiting import SMALL_WEIGHT, Later

KINDS = ("promotions", "customers", "assignments", "redemptions", "outcomes")
PIECE_ROWS = 20_000
"""Rows of a file that become facts in one transaction: enough to touch each page of the store once for many."""

SMALL_PIECE_ROWS = 250
"""The same beside real-time traffic, which waits for no more than one of them."""

MAX_LISTED = 100
"""Rows listed with their reason in a report; all of them are counted, and kept under problems."""

_READ_TOGETHER = 5
"""Pieces that are put in the order of promotions together, where that pays: some 10 MB of memory each."""

_DEFINED_TOGETHER = 100
"""Promotions defined in one transaction: each may match all its facts anew."""

_NOTED_EVERY_US = SECOND_US
_PATIENCE_SECONDS = 0.05
_AHEAD_ROWS = 4_000
"""Rows in small pieces that share a transaction when nobody else is there: a single event may come at any time."""

_QUIET_US = SECOND_US
"""Nobody else is there when no single event has come for so long."""

_HEAVY = SMALL_WEIGHT + 1
"""The least weight of what an import does: all of it stands in the heavy line, so that single events pass it."""

_EMPTY = Piece((), ())
_Flow = Callable[[Tx, list[Any]], list[Any]]
_FLOWS: dict[str, _Flow] = {
    "customers": know_customers,
    "outcomes": take_outcomes,
}
_PAYLOADS: dict[str, Callable[[Arrival, list[Any]], Any]] = {
    "promotions": Definitions,
    "customers": Acquaintance,
    "outcomes": OutcomeDelivery,
}
"""What takes the kinds that are no reports, and in which form."""


def gathered(kind: str, pieces: Iterable[Piece], piece_rows: int = PIECE_ROWS) -> Iterator[Piece]:
    """Pieces of a file as pieces of so many rows: not very large at first, so that something is to be seen soon."""
    if kind == "promotions":
        sizes: Iterator[int] = repeat(_DEFINED_TOGETHER)
    else:
        sizes = chain((piece_rows // 4, piece_rows // 4, piece_rows // 2), repeat(piece_rows))
    source = _Source(pieces)
    for size in sizes:
        piece = source.filled(size)
        if not piece.lines:
            return
        if len(piece.items) <= 2 * size:
            yield piece
        else:
            yield from _cut(piece, chain((size,), sizes))
        del piece  # or it would be in memory beside the next one


class _Source:
    """Pieces as they come, put together. What fails is told when all that came before it was taken."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self._pieces = iter(pieces)
        self._rest = _EMPTY
        self._failure: Exception | None = None

    def filled(self, size: int) -> Piece:
        """So many rows or some more, fewer at the end. Of a large sheet the rest is kept for the next time."""
        lines: list[int] = []
        parts: list[Sequence[Any]] = []
        while len(lines) < size and (piece := self._next()).lines:
            lines += piece.lines
            parts.append(piece.items)
        if self._failure is not None and not lines:
            raise self._failure
        items = _together(parts)
        if len(lines) > size >= MANY and isinstance(items, Sheet):
            self._rest = Piece(lines[size:], items.part(size, len(lines)))
            return Piece(lines[:size], items.part(0, size))
        return Piece(lines, items)

    def _next(self) -> Piece:
        piece, self._rest = self._rest, _EMPTY
        if piece.lines or self._failure is not None:
            return piece
        try:
            for piece in self._pieces:
                if piece.lines:
                    return piece
        except Exception as error:  # noqa: BLE001 - what was read before it is taken first
            self._failure = error
        return _EMPTY


def _together(parts: list[Sequence[Any]]) -> Sequence[Any]:
    sheets = [part for part in parts if isinstance(part, Sheet)]
    if sheets and len(sheets) == len(parts):
        return joined(sheets)
    return list(chain.from_iterable(parts))


def _cut(piece: Piece, sizes: Iterator[int]) -> Iterator[Piece]:
    start = 0
    while start < len(piece.items):
        end = start + next(sizes)
        yield Piece(piece.lines[start:end], piece.items[start:end])
        start = end


def _by_promotion(wide: Iterable[Piece], rows: int) -> Iterator[Piece]:
    for piece in wide:
        if len(piece.lines) < MANY:
            yield piece
            continue
        # This loads numpy, which nobody needs who has a few.
        from promosight.flows.imports.by_promotion import cut_by_promotion

        parts = cut_by_promotion(piece, rows)
        del piece  # or it would be in memory beside the next
        yield from parts
        del parts


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
    """What became of the rows. `reasons` counts the reasons within an outcome.

    `earlier`: so many facts have earlier runs of the same import brought.
    """

    kind: str
    rows: int = 0
    bytes_read: int = 0
    outcomes: Counter[str] = msgspec.field(default_factory=Counter)
    reasons: dict[str, Counter[str]] = msgspec.field(default_factory=dict)
    problems: list[Problem] = msgspec.field(default_factory=list)
    earlier: int = 0

    @property
    def taken_earlier(self) -> int:
        """How many of the duplicates are rows that an earlier run took: of a file that is read again, the first."""
        return min(self.earlier, self.outcomes["duplicate"])

    def add(self, file: str, lines: Sequence[int], receipts: Sequence[Receipt]) -> None:
        """Counts rows, and lists those that were rejected while there is room."""
        self.rows += len(receipts)
        self.outcomes += outcomes_of(receipts)
        if says_one_thing(receipts) and receipts[:1] and receipts[0].reason is None:
            return
        with_reason = rows_with(receipts, lambda one: one.reason is not None)
        said = Counter((one.outcome, one.reason or "") for _, one in with_reason)
        for (outcome, reason), number in said.items():
            self.reasons.setdefault(outcome, Counter())[reason] += number
        for row, receipt in with_reason:
            if receipt.outcome == "rejected":
                reason = receipt.reason or ""
                why = (reason, receipt.pointer, explain(reason, receipt.detail))
                self.problems.append(Problem(file, lines[row], receipt.event_id, "rejected", *why))
        self.problems = _listed(self.problems)


def _listed(problems: list[Problem]) -> list[Problem]:
    """The first of them as they stand in their files, whose rows may be taken in another order."""
    files = {name: place for place, name in enumerate(dict.fromkeys(one.file for one in problems))}
    return sorted(problems, key=lambda one: (files[one.file], one.line))[:MAX_LISTED]


def _written(tx: Tx, *, name: str, rows: list[Row]) -> int:
    return tx.run_many(name, sorted(rows))


class _NoMore(Exception):
    """There is no further piece."""


class _Taken:
    """A piece on its way: read by whoever works it off, or before."""

    __slots__ = ("file", "piece", "receipts")

    def __init__(self, file: str) -> None:
        self.file = file
        self.piece = _EMPTY
        self.receipts: Future[Sequence[Receipt]] = Future()


class RunningImport:
    """An import that has begun, by whichever `start` gives its number. `take` files, then `finish` or `leave`.

    In large pieces, which nobody uses beside real-time traffic, the writer's thread reads each file itself.
    Figures move when it finishes. `report.bytes_read` is kept by whoever reads the files.
    """

    def __init__(
        self,
        store: Store,
        start: Callable[[Tx], int],
        *,
        workspace_no: int,
        source_no: int,
        kind: str,
        clock: Callable[[], int],
        piece_rows: int = PIECE_ROWS,
    ) -> None:
        self._store = store
        self._clock = clock
        self._piece_rows = piece_rows
        self._waiting: deque[_Taken] = deque()
        self._most = max(1, _AHEAD_ROWS // piece_rows)
        self._served, self._met_us = store.light_served, 0
        self.report = ImportReport(kind)
        import_no = store.change(start)
        self.report.earlier = store.read(lambda tx: taken_earlier(tx, kind, import_no))
        self._arrival = Arrival(workspace_no, source_no, import_no, clock())
        self._noted_us = 0
        self._noting: Future[Any] | None = None

    def take(self, file: str, pieces: Iterable[Piece]) -> Generator[int, None, None]:
        """Takes pieces of a file; yields how many rows of all files are done."""
        pieces = self._gathered(pieces)
        try:
            while True:
                self._submit(file, pieces)
                ahead = self._ahead()
                while len(self._waiting) > ahead:
                    self._collect()
                yield self.report.rows
        except _NoMore:
            pass
        finally:
            while self._waiting:
                with suppress(_NoMore):
                    self._collect()
        yield self.report.rows

    def finish(self, state: str = "done", detail: str | None = None) -> ImportReport:
        """Publishes the figures of what was taken, all at once; `state` is `done`, or `failed` and why."""
        workspace_no, import_no = self._arrival.workspace_no, self._arrival.import_no
        self._note().result()
        self._store.change(
            lambda tx: finish_import(
                tx, workspace_no, import_no, now_us=self._clock(), state=state, detail=detail
            )
        )
        return self.report

    def leave(self) -> None:
        """Ends this run, and lets the file wait for another one, which publishes the figures."""
        import_no = self._arrival.import_no
        self._note().result()
        self._store.change(lambda tx: leave_import(tx, import_no, now_us=self._clock()))

    def _gathered(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        kind, rows = self.report.kind, self._piece_rows
        if kind == "promotions":
            by_hundreds = gathered(kind, pieces, rows)
            return with_large_ones_apart(self._store, self._arrival.workspace_no, by_hundreds)
        if kind != "redemptions" or rows < PIECE_ROWS or self._store.runs_here:
            return gathered(kind, pieces, rows)
        return _by_promotion(gathered(kind, pieces, rows * _READ_TOGETHER), rows)

    def _ahead(self) -> int:
        """How many pieces may wait, and so share a transaction: one while single events come, else more."""
        served, now_us = self._store.light_served, self._clock()
        if served != self._served:
            self._served, self._met_us = served, now_us
        return 1 if now_us < self._met_us + _QUIET_US else self._most

    def _submit(self, file: str, pieces: Iterator[Piece]) -> None:
        taken = _Taken(file)
        if self.report.kind == "promotions":
            self._define(taken, self._read(taken, pieces))
            return
        kind, made, weight = self.report.kind, partial(self._read, taken, pieces), self._piece_rows
        payload: Any = Later(made)
        if self._piece_rows < PIECE_ROWS:
            payload = made()
            weight = len(taken.piece.items)
        taken.receipts = self._submitted(_FLOWS.get(kind, report), payload, max(_HEAVY, weight))
        self._waiting.append(taken)

    def _define(self, taken: _Taken, given: Definitions) -> None:
        """Defines a piece of promotions: what one is found to come to is so after those before it."""
        while self._waiting and len(given.items) == 1:
            self._collect()
        weight = max(_HEAVY, len(given.items))
        taken.receipts = define_ahead(
            self._store, given, lambda one: self._submitted(define_promotions, one, weight)
        )
        self._waiting.append(taken)

    def _read(self, taken: _Taken, pieces: Iterator[Piece]) -> Any:
        """The next piece as a flow takes it. Raises _NoMore."""
        piece = next(pieces, None)
        if piece is None:
            raise _NoMore
        taken.piece = piece
        arrival = msgspec.structs.replace(self._arrival, received_us=self._clock())
        items: Any = piece.items if isinstance(piece.items, Sheet) else [*piece.items]
        if self.report.kind in _PAYLOADS:
            return _PAYLOADS[self.report.kind](arrival, items)
        return Delivery(arrival, items, brief=True)

    def _submitted(self, flow: _Flow, payload: Any, weight: int) -> Future[Sequence[Receipt]]:
        while True:
            try:
                return self._store.submit(flow, payload, weight=weight)
            except Overloaded:  # others wait there, too, and an import has time
                time.sleep(_PATIENCE_SECONDS)

    def _collect(self) -> None:
        taken = self._waiting.popleft()
        receipts = taken.receipts.result()
        self.report.add(taken.file, taken.piece.lines, receipts)
        self._name_lines(taken.piece, receipts)
        if self._clock() >= self._noted_us + _NOTED_EVERY_US:
            self._note()

    def _name_lines(self, piece: Piece, receipts: Sequence[Receipt]) -> None:
        """Notes the lines of rows that are a problem for what others say; those refused in reading bear theirs."""
        workspace_no, import_no = self._arrival.workspace_no, self._arrival.import_no
        if says_one_thing(receipts) and receipts[:1] and receipts[0].outcome not in PROBLEMS:
            return
        refused: list[Row] = []
        taken: list[Row] = []
        for row, receipt in rows_with(receipts, lambda one: one.outcome in PROBLEMS):
            if receipt.outcome != "rejected":
                taken.append((import_no, receipt.event_id, piece.lines[row]))
            elif receipt.event_id is not None and not isinstance(piece.items[row], Refused):
                refused.append((workspace_no, receipt.event_id, import_no, piece.lines[row]))
        for name, rows in (("line_rejections", refused), ("add_import_lines", taken)):
            if rows:
                note: Callable[[Tx], Any] = partial(_written, name=name, rows=rows)
                self._store.submit(each_alone, note, weight=_HEAVY).result()

    def _note(self) -> Future[Any]:
        """Says how far it is, without waiting for the store to have written it."""
        if self._noting is not None:
            self._noting.result()
        import_no, now_us, told = self._arrival.import_no, self._clock(), self.report
        rows, size, earlier = told.rows, told.bytes_read, told.taken_earlier
        outcomes, reasons = dict(told.outcomes), {k: dict(v) for k, v in told.reasons.items()}
        self._noted_us = now_us

        self._noting = self._store.submit(
            each_alone,
            lambda tx: note_import(
                tx,
                import_no,
                now_us=now_us,
                rows_read=rows,
                bytes_read=size,
                outcomes=outcomes,
                reasons=reasons,
                taken_earlier=earlier,
            ),
            weight=_HEAVY,
        )
        return self._noting
