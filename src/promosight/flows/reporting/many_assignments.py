"""The plain way in for thousands of assignments at once: `plain_assignments`, column by column.

What is decided is the same, and said there: a reward is given to a customer of whose group no event is known. Rows of
which more than that has to be known are left over, and become objects. Numbers are columns of numpy, sorted once by
group; of texts a row is looked at once, where the store needs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress, repeat
from typing import Any, NamedTuple

import numpy as np

from promosight.flows.ledger.counters import HELD, PUBLISHED
from promosight.flows.ledger.groups import layer_of
from promosight.flows.ledger.naming import Customers
from promosight.flows.ledger.news import is_decided
from promosight.flows.ledger.places import places, places_for
from promosight.flows.reporting.many import Many, Placed, firsts_alike
from promosight.flows.reporting.plain import Plain
from promosight.flows.reporting.plain_assignments import (
    ASKED_APART,
    PlainAssignments,
    There,
    promise,
    words_said,
)
from promosight.rules import repeated
from promosight.rules.counted import AssignedColumns
from promosight.rules.counting import count_assigned
from promosight.rules.identity import BUCKET_SHIFT, BUCKETS
from promosight.rules.instants import QUARTER_US
from promosight.rules.many_numbers import numbers_of
from promosight.rules.numbers import Marks, Numbers
from promosight.rules.repeated import Repeated
from promosight.rules.sheets import picked, says_nothing, says_one_thing

_NONE = -1
_FEW_PROMOTIONS = 65_536 // BUCKETS
"""So many have numbers that fit into two bytes together with the bucket."""

_KEPT = "digest", "assignment_id", "reward_micros", "currency", "max_redemptions"
"""Fields of an assignment that `add_grants` keeps as they were said, in their order."""

_Group = tuple[int, int]
"""The promotion and the customer."""


class _New(NamedTuple):
    """Assignments that are added, in the order of their keys, each field a column."""

    row: Numbers
    bucket: Numbers
    promotion_no: Numbers
    customer_no: Numbers
    slot: Numbers


class _Said(NamedTuple):
    """What the words and worth of assignments come to, by row: the place, and what is committed."""

    alike: Numbers
    """The first row that says the same of promotion, words and worth."""
    place_no: Numbers
    micros: Numbers
    currency: Numbers
    currencies: Sequence[str]
    """Their texts; `currency` has the place of each row's among them."""

    def currency_of(self, rows: Numbers) -> Sequence[str]:
        """The currency columns of rows."""
        if len(self.currencies) == 1:
            return [self.currencies[0]] * len(rows)
        return list(map(self.currencies.__getitem__, self.currency[rows].tolist()))


def take_many_assignments(
    plain: Plain, customers: Customers, numbers: Numbers, many: Many
) -> list[Placed]:
    """Takes the plain ones, leaving their receipts, and returns the others in their order. Raises LostRace.

    `numbers` has the number of each row's customer, below zero where the row is alone.
    """
    _ManyAssignments(plain, customers, numbers, many).take()
    return list(many.placed(plain.unanswered()))


class _ManyAssignments:
    def __init__(self, plain: Plain, customers: Customers, numbers: Numbers, many: Many) -> None:
        self._plain = plain
        plain.answer_many()
        self._tx = plain.tx
        self._catalogue = plain.catalogue
        self._customers = customers
        self._many = many
        self._by_one = PlainAssignments(plain, customers)
        known_nos = self._catalogue.known_nos
        # By row; of a promotion that nobody defined, and where a row is alone, there is none.
        promotions = many.column("promotion_id")
        self._no: Sequence[int]
        if isinstance(promotions, Repeated):
            self._no = promotions.of(map(known_nos.get, promotions.values, repeat(_NONE)))
        elif says_one_thing(promotions):
            self._no = [known_nos.get(promotions[0], _NONE)] * len(many)
        else:
            self._no = list(map(known_nos.get, promotions, repeat(_NONE)))
        self._promotion_no = numbers_of(self._no)
        self._number = numbers
        self._assigned_us = numbers_of(many.column("assigned_us"))

    def take(self) -> None:
        new = self._sorted_out()
        groups = _some(new, _firsts(new))
        there = self._there(groups)
        if used := self._used(groups):
            new = _some(new, _outside(new, used))
        if there:
            new = self._not_again(new, there)
        self._add(new, there)

    def _sorted_out(self) -> _New:
        """Those that may be plain, each once, in the order of their keys."""
        column, newly_known = self._many.column, self._customers.newly_known
        no, number = self._promotion_no, self._number
        may = (no >= 0) & (number >= 0)
        codes = column("promo_code")
        slot = numbers_of(column("slot"))
        if not says_nothing(codes):
            # What comes under the identity of one with a code is judged with it, in their order.
            may &= ~np.isin(slot, slot[np.array([code is not None for code in codes], np.bool_)])
        if newly_known:
            may &= ~np.isin(number, np.array(newly_known, np.int64))
        if (apart := self._many.apart_from_alone("assignment_id")) is not None:
            may &= apart
        rows = np.flatnonzero(may)
        slot, no, number = slot[rows], no[rows], number[rows]
        bucket = number >> BUCKET_SHIFT
        order = _by_key(bucket, no, number, slot)
        new = _New(*(one[order] for one in (rows, bucket, no, number, slot)))
        return _some(new, _firsts(new, by_slot=True))

    def _there(self, groups: _New) -> dict[_Group, list[There]]:
        """The assignments that are stored already in the groups of some rows."""
        there: dict[_Group, list[There]] = {}
        groups = self._in_ranges_held(groups)
        if len(groups.row):
            rows = self._tx.all_by_column("assignments_in_groups", groups[1:4])
            for row in map(There._make, rows):
                there.setdefault((row.promotion_no, row.customer_no), []).append(row)
        return there

    def _in_ranges_held(self, groups: _New) -> _New:
        """The groups without those of a promotion that has no assignment in their bucket, as in its first batch."""
        begins = (groups.bucket[1:] != groups.bucket[:-1]) | (
            groups.promotion_no[1:] != groups.promotion_no[:-1]
        )
        ranges = _some(groups, np.append(True, begins)[: len(groups.row)])
        if len(ranges.row) * ASKED_APART >= len(groups.row):
            return groups
        held = set(self._tx.all_by_column("ranges_with_assignments", ranges[1:3]))
        holds = np.array([one in held for one in _tuples(*ranges[1:3])], np.bool_)
        return _some(groups, holds[np.cumsum(np.append(False, begins))])

    def _used(self, groups: _New) -> set[_Group]:
        """Which of the groups of some rows have events, as `PlainAssignments.used`."""
        promotions = np.unique(groups.promotion_no)
        if len(promotions) * ASKED_APART < len(groups.row):
            having = [no for no in promotions.tolist() if self._by_one.has_events(no)]
            groups = _some(groups, np.isin(groups.promotion_no, np.array(having, np.int64)))
        if not len(groups.row):
            return set()
        return set(self._tx.all_by_column("groups_with_events", groups[1:4]))

    def _not_again(self, new: _New, there: dict[_Group, list[There]]) -> _New:
        """Those that are not stored already; the others are answered."""
        stored = {(*group, row.slot): row for group, rows in there.items() for row in rows}
        found = list(map(stored.get, _tuples(new.promotion_no, new.customer_no, new.slot)))
        is_new = np.array([one is None for one in found], np.bool_)
        again = new.row[~is_new].tolist()
        for placed, one in zip(self._many.placed(again), filter(None, found), strict=True):
            self._by_one.repeat(placed, one)
        return _some(new, is_new)

    def _add(self, new: _New, there: dict[_Group, list[There]]) -> None:
        """Writes new assignments, answers them, and moves the counters."""
        if not len(new.row):
            return
        said, ids = self._said(new.row), self._many.column("assignment_id")
        order = self._tx.orders.of_ids(ids, new.row)
        self._write(new if order is None else _some(new, order), said)
        tracking_from_us = self._catalogue.workspace.tracking_from_us
        in_rate = self._assigned_us[new.row] >= tracking_from_us
        held_out = self._many.column("control")
        if any(held_out):
            in_rate &= ~np.array(picked(held_out, new.row.tolist()), np.bool_)
        self._count(_some(new, in_rate), said, there)

    def _write(self, new: _New, said: _Said) -> None:
        rows, column, many = new.row.tolist(), self._many.column, self._many

        def its(name: str) -> Sequence[Any]:
            one = column(name)
            return one.at(new.row) if isinstance(one, Repeated) else picked(one, rows)

        details, held_out = its("details"), its("control")
        control = list(map(int, held_out)) if any(held_out) else [0] * len(rows)
        self._tx.add_columns(
            "add_grants",
            (
                *new[1:],
                self._assigned_us[new.row],
                its("expires_us"),
                *map(its, _KEPT),
                control,
                details,
                picked(many.source_no, rows),
                picked(many.received_us, rows),
                said.place_no[new.row],
                said.micros[new.row],
                said.currency_of(new.row),
            ),
            workspace_no=self._plain.workspace_no,
            import_no=many.arrivals[0].import_no,
        )
        self._plain.answer(new.row, "counted", None)
        if any(details):
            keys = zip(*_keys(new), strict=True)
            self._plain.decided += compress(keys, map(is_decided, details))

    def _said(self, rows: Numbers) -> _Said:
        """What the words and worth of some rows come to: found out once for all that are alike."""
        names = ("tier_id", "segment", "channels", "campaign_id", "reward_micros", "currency")
        columns: list[Sequence[Any]] = [self._many.column(name) for name in names]
        columns.insert(0, self._no)
        where = _firsts_alike(columns)
        wanted = np.unique(where[rows]).tolist()
        known = {row: [column[row] for column in columns] for row in wanted}
        words = {row: words_said(*case[1:5]) for row, case in known.items()}
        at = places_for(self._tx, self._plain.workspace_no, words.values())
        by_no = self._catalogue.by_no
        currencies: dict[str, int] = {}
        said = np.zeros((3, len(where)), np.int64)
        for row, (no, tier_id, *_, reward_micros, currency) in known.items():
            micros, its = promise(by_no[no].terms, reward_micros, tier_id, currency)
            code = currencies.setdefault(its, len(currencies))
            said[:, row] = at[words[row]].place_no, micros, code
        place_no, micros, code = said[:, where]
        return _Said(where, place_no, micros, code, list(currencies))

    def _count(self, new: _New, said: _Said, there: dict[_Group, list[There]]) -> None:
        """Adds those in the rate to the counters, by layer, and customers who are there for the first time."""
        people = {group for group, rows in there.items() if any(row.in_rate for row in rows)}
        if layer_of(self._catalogue, self._many.arrivals[0].import_no, ()) == HELD:
            self._count_in(HELD, new, said, people)
            return
        held = {
            group for group, rows in there.items() if layer_of(self._catalogue, 0, rows) == HELD
        }
        if held:
            goes_on = _outside(new, held)
            self._count_in(HELD, _some(new, ~goes_on), said, people)
            new = _some(new, goes_on)
        self._count_in(PUBLISHED, new, said, people)

    def _count_in(self, layer: int, new: _New, said: _Said, people: set[_Group]) -> None:
        if not len(new.row):
            return
        columns, number = self._alike(new.row, said)
        nos = np.unique(columns.place_no).tolist()
        at = places(self._tx, self._plain.workspace_no, nos)
        cells = self._plain.cells[layer]
        count_assigned(cells, columns, self._plain.names(at, nos), number)
        groups = _some(new, _firsts(new))
        if people:
            groups = _some(groups, _outside(groups, people))
        promotions = np.unique(groups.promotion_no, return_counts=True)
        for promotion_no, number in zip(*(one.tolist() for one in promotions), strict=True):
            cells.customer(promotion_no, number, 0)

    def _alike(self, rows: Numbers, said: _Said) -> tuple[AssignedColumns, list[int]]:
        """Each kind of assignment among rows once, told apart by what counters tell apart, and how many there are."""
        source_nos = np.unique(numbers_of(self._many.source_no))
        source = np.searchsorted(source_nos, numbers_of(self._many.source_no)[rows])
        quarter = self._assigned_us[rows] // QUARTER_US
        first = int(quarter.min())
        span = int(quarter.max()) - first + 1
        kind = (said.alike[rows] * len(source_nos) + source) * span + (quarter - first)
        kinds, number = np.unique(kind, return_counts=True)
        rest, quarter = np.divmod(kinds, span)
        row, source = np.divmod(rest, len(source_nos))
        columns = AssignedColumns(
            promotion_no=self._promotion_no[row],
            place_no=said.place_no[row],
            source_no=source_nos[source],
            assigned_us=(quarter + first) * QUARTER_US,
            committed_micros=said.micros[row],
            currency=said.currency_of(row),
        )
        return columns, number.tolist()


def _by_key(bucket: Numbers, no: Numbers, number: Numbers, slot: Numbers) -> Numbers:
    """The order of rows by bucket, promotion, customer and slot, and where all are alike as they came."""
    if not len(no) or no.max() >= _FEW_PROMOTIONS:
        return np.lexsort((slot, number, no, bucket))
    # Small numbers are sorted at a fraction of the cost; the bucket is the top of a customer's number.
    order = np.argsort(number)
    ranges = (bucket * _FEW_PROMOTIONS + no).astype(np.uint16)[order]
    order = order[np.argsort(ranges, kind="stable")]
    same = _same_group(no[order], number[order])
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
    some = order[tied]
    order[tied] = some[np.lexsort((some, slot[some], number[some], no[some], bucket[some]))]
    return order


def _firsts_alike(columns: list[Sequence[Any]]) -> Numbers:
    """For each row the first that says the same in every column."""
    telling = [column for column in columns if not says_one_thing(column)]
    few = [column for column in telling if isinstance(column, Repeated)]
    if len(few) == len(telling):
        return repeated.firsts_alike(few, len(columns[0]))
    return numbers_of(firsts_alike(columns))


def _same_group(no: Numbers, number: Numbers) -> Marks:
    """Which of the rows are of the group of the one before, but for the first."""
    found: Marks = (number[1:] == number[:-1]) & (no[1:] == no[:-1])
    return found


def _firsts(new: _New, *, by_slot: bool = False) -> Marks:
    """Which of the rows are the first of their group, or of their group and slot."""
    marks = np.ones(len(new.row), np.bool_)
    marks[1:] = ~_same_group(new.promotion_no, new.customer_no)
    if by_slot:
        marks[1:] |= new.slot[1:] != new.slot[:-1]
    return marks


def _outside(new: _New, groups: set[_Group]) -> Marks:
    """Which of the rows lie in none of the groups."""
    both = _tuples(new.promotion_no, new.customer_no)
    return np.array([one not in groups for one in both], np.bool_)


def _keys(new: _New) -> tuple[list[int], list[int], list[int]]:
    return new.bucket.tolist(), new.promotion_no.tolist(), new.customer_no.tolist()


def _tuples(*columns: Numbers) -> Any:
    return zip(*(column.tolist() for column in columns), strict=True)


def _some(new: _New, which: Marks | Numbers) -> _New:
    """Some rows: those that are marked, or those at these places, in their order."""
    if which.dtype == np.bool_ and which.all():
        return new
    return _New(*(column[which] for column in new))
