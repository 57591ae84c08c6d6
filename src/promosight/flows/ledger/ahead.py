"""Matching anew ahead: what a change of terms or of the time zone comes to is worked out before its transaction.

Matching thousands of groups anew takes seconds, in which the writer could do nothing else. So it is done on a snapshot
first, while events go on. The transaction of the change then looks, by a number for each group, which of them have
moved since. Only those are matched in it, and what the snapshot said of them is taken out of what was worked out; all
the rest is written as it is. Where more has changed than facts (a promotion, a code, an import that ended), nothing of
it is used and the transaction does everything itself. Either way it comes to the same.

Counters are sums, so taking out is subtraction: those groups are weighed once more on the snapshot, still open.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import TypeVar

import msgspec

from promosight.errors import PromosightError
from promosight.flows.ledger.context import coded_in, codes_of
from promosight.flows.ledger.groups import write_changes
from promosight.flows.ledger.kept_uses import forget_uses_of_promotions
from promosight.flows.ledger.restating import Restating
from promosight.flows.ledger.weighed import Weighed, loaded
from promosight.rules.identity import bucket_of
from promosight.rules.promotions import Terms
from promosight.store.catalogue import Catalogue
from promosight.store.engine import Store
from promosight.store.rows import GroupKey
from promosight.store.tx import Row, Tx

R = TypeVar("R")
WORTH = 1_000
"""Fewer groups than these are matched in the transaction itself."""
_PAGE = 500
_SettledAssignment = tuple[int, int, int, int, int, int, str]
_SettledEvent = tuple[int, str, str, str | None, int | None, int, int, str]
_packed = msgspec.msgpack.Encoder().encode
_assignments = msgspec.msgpack.Decoder(list[_SettledAssignment]).decode
_events = msgspec.msgpack.Decoder(list[_SettledEvent]).decode
_one_at_a_time = threading.Lock()


class Ahead:
    """What a change comes to, worked out on a snapshot that is still open. `was`: the workspace's row on it."""

    def __init__(
        self, snapshot: Tx, was: Row, thought: Catalogue, restating: Restating | None = None
    ) -> None:
        self._snapshot = snapshot
        self._was = was
        self._thought = thought
        self._whole = Weighed(thought, restating)
        self._parts: list[_Part] = []
        self._is_over = False

    def fits(self, was: Row, now: Catalogue) -> bool:
        """Whether the workspace was the same before the change, and is what it was thought to become."""
        settings, wanted = now.workspace, self._thought.workspace
        return (
            was == self._was
            and (settings.time_zone, settings.currency) == (wanted.time_zone, wanted.currency)
            and all(now.terms(p.promotion_no) == self._terms(p) for p in self._parts)
        )

    def add(self, promotion_no: int, marks: list[Row]) -> None:
        """Works out what becomes of a promotion whose groups bear these marks."""
        part = _Part(promotion_no, marks)
        self._parts.append(part)
        for customers in _pages(part.marks[::2]):
            page = self._weigh(part, customers, first=True)
            part.keep(page.rows(self._snapshot), page.changes.events)
            self._whole.include(page)
        part.codes = codes_of(self._snapshot, self._thought.workspace.workspace_no, part.coded)

    def end(self) -> None:
        """The snapshot is about to be closed. A transaction may still look at it, where its asker was interrupted."""
        self._is_over = True

    @property
    def groups(self) -> int:
        """How many groups it is of."""
        return sum(len(part.marks) // 2 for part in self._parts)

    def write(self, tx: Tx, catalogue: Catalogue, restating: Restating | None = None) -> bool:
        """Makes the change, with those groups settled anew that have moved; or says that it has not."""
        whole = Weighed(catalogue, self._another())
        whole.include(self._whole)
        rows: list[Row] = []
        for part in self._parts:
            moved = part.moved(tx, catalogue.workspace.workspace_no)
            stale = self._weigh(part, sorted(moved - part.waiting))
            fresh = Weighed(catalogue, self._another())
            for customers in _pages(sorted(moved)):
                fresh.add(tx, loaded(tx, _keys(part, customers)))
            if stale.saw_later_than(fresh):
                return False  # whether others have seen as late an event is not known here
            whole.leave_out(stale)
            whole.include(fresh)
            rows += part.rows_but(stale.rows(self._snapshot)) + fresh.rows(tx)
            whole.changes.events += part.events_but(stale.changes.events) + fresh.changes.events
        if self._is_over:
            return False  # what was read of the snapshot may have been read of what came since
        if restating is not None and whole.restating is not None:
            restating.include(whole.restating)
        forget_uses_of_promotions(tx, (part.promotion_no for part in self._parts))
        write_changes(tx, catalogue, whole.changes, rows, whole.cells, restating)
        return True

    def _another(self) -> Restating | None:
        restating = self._whole.restating
        return None if restating is None else restating.another()

    def _weigh(self, part: _Part, customers: Sequence[int], *, first: bool = False) -> Weighed:
        """What becomes of groups as the snapshot has them; some wait for the transaction."""
        page = Weighed(self._thought, self._another())
        groups = loaded(self._snapshot, _keys(part, customers))
        waiting = page.add_most(self._snapshot, groups)
        if first:
            part.waiting.update(key.customer_no for key in waiting)
            part.coded |= coded_in(self._thought, groups)
        return page

    def _terms(self, part: _Part) -> Terms:
        return self._thought.terms(part.promotion_no)


class _Part:
    """The groups of one promotion as the snapshot has them, and what becomes of their facts."""

    def __init__(self, promotion_no: int, marks: list[Row]) -> None:
        self.promotion_no = promotion_no
        self.marks = array("q", chain.from_iterable(marks))
        """Each group's customer and its mark."""
        self.waiting: set[int] = set()
        """Customers whose groups change with more than facts: they are left to the transaction."""
        self.coded: set[tuple[str, int]] = set()
        self.codes: tuple[set[tuple[int, str, int]], dict[str, int]] = set(), {}
        self._rows: list[bytes] = []
        self._events: list[bytes] = []

    def keep(self, rows: list[Row], events: list[Row]) -> None:
        """Keeps a page of what is to be written."""
        self._rows.append(_packed(rows))
        self._events.append(_packed(events))

    def rows_but(self, some: list[Row]) -> list[Row]:
        """The assignments to be written, without some."""
        gone = set(some)
        return [row for page in self._rows for row in _assignments(page) if row not in gone]

    def events_but(self, some: list[Row]) -> list[Row]:
        """The same of events."""
        gone = set(some)
        return [row for page in self._events for row in _events(page) if row not in gone]

    def moved(self, tx: Tx, workspace_no: int) -> set[int]:
        """The customers whose groups are not what they were on the snapshot, or had waited."""
        now = array("q", chain.from_iterable(marks_of(tx, self.promotion_no)))
        if codes_of(tx, workspace_no, self.coded) != self.codes:
            return {*self.marks[::2], *now[::2]}
        if now == self.marks:
            return self.waiting
        return self.waiting | {customer_no for customer_no, _ in _pairs(now) ^ _pairs(self.marks)}


def changed_ahead(
    store: Store,
    prepare: Callable[[Tx], Ahead | None],
    change: Callable[[Ahead | None], R],
) -> R:
    """Makes a change with what was worked out for it before; without, where somebody else works something out, or
    what is asked for cannot be: why not is told by the change itself."""
    if not _one_at_a_time.acquire(blocking=False):
        return change(None)
    try:
        return store.read(lambda snapshot: _changed(change, _prepared(prepare, snapshot)))
    finally:
        _one_at_a_time.release()


def _changed(change: Callable[[Ahead | None], R], ahead: Ahead | None) -> R:
    try:
        return change(ahead)
    finally:
        if ahead is not None:
            ahead.end()


def marks_of(tx: Tx, promotion_no: int) -> list[Row]:
    """A number for each group of a promotion, by customer: it changes with the group."""
    return tx.all("marks_of_groups", promotion_no=promotion_no)


def _prepared(prepare: Callable[[Tx], Ahead | None], snapshot: Tx) -> Ahead | None:
    try:
        return prepare(snapshot)
    except PromosightError:
        return None


def _pairs(marks: array[int]) -> set[tuple[int, int]]:
    return set(zip(marks[::2], marks[1::2], strict=True))


def _keys(part: _Part, customers: Sequence[int]) -> list[GroupKey]:
    return [GroupKey(bucket_of(no), part.promotion_no, no) for no in customers]


def _pages(customers: Sequence[int]) -> Iterator[Sequence[int]]:
    return (customers[start : start + _PAGE] for start in range(0, len(customers), _PAGE))
