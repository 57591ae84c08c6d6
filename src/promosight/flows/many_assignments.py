"""The plain way in for thousands of assignments at once: `plain_assignments`, column by column.

What is decided is the same, and said there: a reward is given to a customer of whose group no event is known. Rows of
which more than that has to be known are left over, and become objects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import compress
from typing import Any, NamedTuple

import numpy as np

from promosight.flows.counters import HELD, PUBLISHED
from promosight.flows.groups import layer_of
from promosight.flows.many import Many, Once, Placed, picked
from promosight.flows.naming import Customers
from promosight.flows.news import is_decided
from promosight.flows.places import places, places_for
from promosight.flows.plain import Plain
from promosight.flows.plain_assignments import PlainAssignments, There, promise, words_said
from promosight.rules.counting import AssignedColumns, count_assigned
from promosight.rules.identity import BUCKET_SHIFT

_NONE = -1
_Group = tuple[int, int]
"""The promotion and the customer."""


class _New(NamedTuple):
    """Assignments that are added, in the order of their keys, each field a column."""

    row: Sequence[int]
    bucket: Sequence[int]
    promotion_no: Sequence[int]
    customer_no: Sequence[int]
    slot: Sequence[int]


class _Counted(NamedTuple):
    """What is counted of them, each field a column."""

    group: Sequence[_Group]
    row: Sequence[int]
    place_no: Sequence[int]
    committed_micros: Sequence[int]
    currency: Sequence[str]


_KEPT = (
    *("assigned_us", "expires_us", "digest", "assignment_id", "reward_micros", "currency"),
    "max_redemptions",
)
"""The fields of an assignment that `add_grants` keeps as they were said."""


def take_many_assignments(plain: Plain, customers: Customers, many: Many) -> list[Placed]:
    """Takes the plain ones, leaving their receipts, and returns the others in their order. Raises LostRace."""
    _ManyAssignments(plain, customers, many).take()
    return list(many.placed([row for row, one in enumerate(plain.receipts) if one is None]))


class _ManyAssignments:
    def __init__(self, plain: Plain, customers: Customers, many: Many) -> None:
        self._plain = plain
        self._tx = plain.tx
        self._catalogue = plain.catalogue
        self._customers = customers
        self._many = many
        self._by_one = PlainAssignments(plain, customers)

    def take(self) -> None:
        new = self._sorted_out()
        keys = list(dict.fromkeys(zip(new.bucket, new.promotion_no, new.customer_no, strict=True)))
        there: dict[_Group, list[There]] = {}
        for row in map(There._make, self._tx.all_for("assignments_in_groups", keys)):
            there.setdefault((row.promotion_no, row.customer_no), []).append(row)
        if used := self._by_one.used(keys):
            new = _some(new, [group not in used for group in _groups(new)])
        if there:
            stored = {(*group, row.slot): row for group, rows in there.items() for row in rows}
            found = list(
                map(stored.get, zip(new.promotion_no, new.customer_no, new.slot, strict=True))
            )
            again = [at for at, one in zip(new.row, found, strict=True) if one is not None]
            for placed, one in zip(self._many.placed(again), filter(None, found), strict=True):
                self._by_one.repeat(placed, one)
            new = _some(new, [one is None for one in found])
        self._add(new, there)

    def _sorted_out(self) -> _New:
        """Those that may be plain, each once, in the order of their keys."""
        column, newly_known = self._many.column, self._customers.newly_known
        known_nos, numbers = self._catalogue.known_nos, self._customers.numbers
        no = np.array([known_nos.get(one, _NONE) for one in column("promotion_id")], np.int64)
        number = np.array([numbers.get(one, _NONE) for one in column("customer_id")], np.int64)
        may = (no >= 0) & (number >= 0)
        codes = column("promo_code")
        if codes.count(None) < len(codes):
            may &= np.array([code is None for code in codes], np.bool_)
        if newly_known:
            may &= ~np.isin(number, np.array(newly_known, np.int64))
        if (apart := self._many.apart_from_alone("assignment_id")) is not None:
            may &= apart
        rows = np.flatnonzero(may)
        slot = np.array(picked(column("slot"), rows.tolist()), np.int64)
        no, number = no[rows], number[rows]
        bucket = number >> BUCKET_SHIFT
        order = np.lexsort((slot, number, no, bucket))
        sorted_ = np.array((rows, bucket, no, number, slot))[:, order]
        is_first = np.concatenate(([True], (sorted_[2:, 1:] != sorted_[2:, :-1]).any(axis=0)))
        return _New._make(sorted_[:, is_first[: len(order)]].tolist())

    def _add(self, new: _New, there: dict[_Group, list[There]]) -> None:
        """Writes new assignments, answers them, and moves the counters."""
        if not new.row:
            return
        rows, column, many = new.row, self._many.column, self._many
        place_nos, promises = self._place_nos(rows), self._promises(new)
        details, micros, currencies = picked(column("details"), rows), *zip(*promises, strict=True)
        self._tx.add_new(
            "add_grants",
            list(
                zip(
                    *new[1:],
                    *[picked(column(name), rows) for name in _KEPT],
                    list(map(int, picked(column("control"), rows))),
                    details,
                    picked(many.source_no, rows),
                    picked(many.received_us, rows),
                    place_nos,
                    micros,
                    currencies,
                    strict=True,
                )
            ),
            workspace_no=self._plain.workspace_no,
            import_no=many.arrivals[0].import_no,
        )
        receipts, counted = self._plain.receipts, self._plain.briefly("counted", None)
        for row in rows:
            receipts[row] = counted
        if any(details):
            keys = zip(new.bucket, new.promotion_no, new.customer_no, strict=True)
            decided = map(is_decided, details)
            self._plain.decided += compress(keys, decided)
        self._count(_Counted(_groups(new), rows, place_nos, micros, currencies), there)

    def _place_nos(self, rows: Sequence[int]) -> Sequence[int]:
        fields = ("tier_id", "segment", "channels", "campaign_id")
        said = [picked(self._many.column(name), rows) for name in fields]
        known: dict[Any, int] = self._tx.cache.setdefault(("said", self._plain.workspace_no), {})
        if not known.keys() >= (distinct := set(zip(*said, strict=True))):
            new = {one: words_said(*one) for one in distinct - known.keys()}
            at = places_for(self._tx, self._plain.workspace_no, new.values())
            known |= {one: at[words].place_no for one, words in new.items()}
        return list(map(known.__getitem__, zip(*said, strict=True)))

    def _promises(self, new: _New) -> list[tuple[int, str]]:
        """What each commits: micros and currency column."""
        fields = ("reward_micros", "tier_id", "currency")
        worths = [picked(self._many.column(name), new.row) for name in fields]
        by_no = self._catalogue.by_no
        known = Once(lambda no, *worth: promise(by_no[no].terms, *worth))
        return list(map(known.__getitem__, zip(new.promotion_no, *worths, strict=True)))

    def _count(self, new: _Counted, there: dict[_Group, list[There]]) -> None:
        """Adds those in the rate to the counters, by layer, and customers who are there for the first time."""
        tracked_us = self._catalogue.workspace.tracking_from_us
        control = picked(self._many.column("control"), new.row)
        assigned_us = picked(self._many.column("assigned_us"), new.row)
        if any(control) or min(assigned_us) < tracked_us:
            both = zip(control, assigned_us, strict=True)
            new = _some_counted(new, [not is_so and at_us >= tracked_us for is_so, at_us in both])
        people = {group for group, rows in there.items() if any(row.in_rate for row in rows)}
        if layer_of(self._catalogue, self._many.arrivals[0].import_no, ()) == HELD:
            self._count_in(HELD, new, people)
            return
        held = {
            group for group, rows in there.items() if layer_of(self._catalogue, 0, rows) == HELD
        }
        if held:
            waits = [group in held for group in new.group]
            self._count_in(HELD, _some_counted(new, waits), people)
            new = _some_counted(new, [not its for its in waits])
        self._count_in(PUBLISHED, new, people)

    def _count_in(self, layer: int, new: _Counted, people: set[_Group]) -> None:
        if not new.row:
            return
        cells, many = self._plain.cells[layer], self._many
        columns = AssignedColumns(
            promotion_no=[no for no, _ in new.group],
            place_no=new.place_no,
            source_no=picked(many.source_no, new.row),
            assigned_us=picked(many.column("assigned_us"), new.row),
            committed_micros=new.committed_micros,
            currency=new.currency,
        )
        at = places(self._tx, self._plain.workspace_no, new.place_no)
        count_assigned(cells, columns, self._plain.names(at, new.place_no))
        for promotion_no, number in Counter(no for no, _ in set(new.group) - people).items():
            cells.customer(promotion_no, number, 0)


def _groups(new: _New) -> list[_Group]:
    return list(zip(new.promotion_no, new.customer_no, strict=True))


def _some(new: _New, whether: Sequence[bool]) -> _New:
    return _New._make(list(compress(column, whether)) for column in new)


def _some_counted(new: _Counted, whether: Sequence[bool]) -> _Counted:
    return _Counted._make(list(compress(column, whether)) for column in new)
