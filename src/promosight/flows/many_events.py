"""The plain way in for thousands of redemptions at once: `plain_events`, column by column.

What is decided is the same, and said there: a customer who was given the promotion uses it for the first time. Here
one look-up brings the groups of all rows in the order of their keys, and each step is a pass over a column. Rows of
which more than that has to be known are left over, and become objects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import compress
from typing import Any, NamedTuple

import numpy as np

from promosight.flows.counters import HELD, PUBLISHED
from promosight.flows.many import Many, Once, Placed, picked
from promosight.flows.places import places
from promosight.flows.plain import Plain
from promosight.flows.plain_events import PlainEvents
from promosight.rules.counting import UseColumns, count_uses
from promosight.rules.identity import BUCKET_SHIFT
from promosight.rules.matching import given_later, is_in_time

_NONE = -1
_USABLE, _USED, _DECIDED = 1, 2, 4
"""Bits of what `groups_to_use` says of an assignment: it may be used, its group has an event, a decision made it."""

_Asked = tuple[int, int, int, int]
"""A group, and the row of the event alone in it here."""
_Held = tuple[Any, ...]
"""A row of `groups_to_use`: (row, slot, assigned_us, expires_us, place_no, reward_micros, source_no, import_no,
currency, bits): an assignment, by the row of the event alone in its group here."""


class _Uses(NamedTuple):
    """Redemptions that take an assignment: their rows, what they take, and what they are worth, each a column."""

    row: Sequence[int]
    slot: Sequence[int]
    assigned_us: Sequence[int]
    place_no: Sequence[int]
    own_source_no: Sequence[int]
    own_import_no: Sequence[int]
    own_currency: Sequence[str]
    state: Sequence[int]
    reason: Sequence[str | None]
    cost_micros: Sequence[int]
    currency: Sequence[str]


def take_many_events(plain: Plain, many: Many) -> list[Placed]:
    """Takes the plain ones, leaving their receipts, and returns the others in their order. Raises LostRace."""
    _ManyEvents(plain, many).take()
    return list(many.placed([row for row, one in enumerate(plain.receipts) if one is None]))


_KEPT = (
    *("redeemed_us", "event_id", "digest", "assignment_id", "campaign_id", "tier_id", "channel"),
    *("reward_micros", "currency", "order_id", "order_micros", "metadata"),
)
"""The fields of an event that `add_uses` keeps as they were said."""


class _ManyEvents:
    def __init__(self, plain: Plain, many: Many) -> None:
        self._plain = plain
        self._many = many
        self._tx = plain.tx
        self._catalogue = plain.catalogue
        self._by_one = PlainEvents(plain, set())
        open_nos, numbers = self._catalogue.open_nos, plain.customer_numbers
        # By row; of a promotion that is not in force, and where a row is alone, there is none.
        self._no = [open_nos.get(one, _NONE) for one in many.column("promotion_id")]
        self._number = [numbers.get(one, _NONE) for one in many.column("customer_id")]

    def take(self) -> None:
        again = self._again()
        asked = self._ahead_left(self._asked(again))
        held = self._tx.all_for("groups_to_use", asked)
        used = {one[0] for one in held if one[9] & _USED}
        if used:
            self._repeated([one for one in asked if one[3] in used])
            held = [one for one in held if one[0] not in used]
        crowded = _coming_twice([one[0] for one in held])
        if naming := crowded - self._naming_none(crowded):
            self._keep_naming([one for one in asked if one[3] in naming])
            held = [one for one in held if one[0] not in naming]
        self._keep(self._uses(self._choice(held, crowded)))
        self._answer_again(again)

    def _naming_none(self, rows: set[int]) -> set[int]:
        """Those that name neither an assignment nor a campaign."""
        named, campaigns = self._many.column("assignment_id"), self._many.column("campaign_id")
        return {row for row in rows if named[row] is None and campaigns[row] is None}

    def _choice(self, held: list[_Held], crowded: set[int]) -> list[_Held]:
        """Of the assignments that may be used and are in time: where several are, the one that was given last."""
        at = self._many.column("redeemed_us")
        held = [one for one in held if one[9] & _USABLE and is_in_time(one[2], one[3], at[one[0]])]
        if not crowded:
            return held
        last: dict[int, _Held] = {}
        for one in held:
            other = last.setdefault(one[0], one)
            if given_later(one[2], one[1], other[2], other[1]):
                last[one[0]] = one
        return [one for one in held if last[one[0]] is one]

    def _keep_naming(self, asked: list[_Asked]) -> None:
        """Takes those that name one of several assignments, perhaps, as objects."""
        told = list(self._many.placed(row for *_, row in asked))
        numbered = [(*one[:3], number) for number, one in enumerate(asked)]
        self._by_one.keep_crowded(told, numbered)

    def _again(self) -> list[tuple[int, int]]:
        """Rows whose event came earlier in the same transaction, each with the first."""
        ids: Sequence[Any] = self._many.column("event_id")
        if len({*self._many.source_no}) > 1:
            ids = list(zip(self._many.source_no, ids, strict=True))
        rows = range(len(ids))
        first = dict(zip(reversed(ids), reversed(rows), strict=True))
        if len(first) == len(ids):
            return []
        return [
            (row, first[one])
            for row, one in enumerate(ids)
            if first[one] != row and row not in self._many.sheet.alone
        ]

    def _asked(self, again: list[tuple[int, int]]) -> list[_Asked]:
        """Rows alone in their group here that may be plain, in the order of the groups."""
        many = self._many
        no, number = np.array(self._no, np.int64), np.array(self._number, np.int64)
        may = (no >= 0) & (number >= 0)
        may[[row for row, _ in again]] = False
        if (apart := many.apart_from_alone("event_id")) is not None:
            may &= apart
        rows = np.flatnonzero(may)
        if not rows.size:
            return []
        no, number = no[rows], number[rows]
        order = np.lexsort((number, no, number >> BUCKET_SHIFT))
        no, number, rows = no[order], number[order], rows[order]
        # Facts of one group are judged together, so that each hears what it counts as beside the others.
        as_before = np.concatenate(
            ([False], (no[1:] == no[:-1]) & (number[1:] == number[:-1]), [False])
        )
        single = ~(as_before[1:] | as_before[:-1])
        codes = many.column("promo_code")
        if codes.count(None) < len(codes):
            single &= np.array([codes[row] is None for row in rows.tolist()], np.bool_)
        columns = (number >> BUCKET_SHIFT, no, number, rows)
        return list(zip(*(column[single].tolist() for column in columns), strict=True))

    def _ahead_left(self, asked: list[_Asked]) -> list[_Asked]:
        """Those whose reversal did not come before them and waits."""
        if not asked or self._tx.one("any_waiting") is None:
            return asked
        ids = self._many.column("event_id")
        identities = [(self._many.source_no[one[3]], ids[one[3]]) for one in asked]
        waiting = self._by_one.reversed_ahead(identities)
        return [one for one, its in zip(asked, identities, strict=True) if its not in waiting]

    def _uses(self, held: list[_Held]) -> _Uses | None:
        """What events take, and what that is worth."""
        if not held:
            return None
        row, slot, assigned_us, _, place_no, own, source_no, import_no, currency, state = zip(
            *held, strict=True
        )
        # Thousands of uses are worth the same: what decides it is worked out once.
        worth = Once(self._by_one.worth)
        cases = zip(
            picked(self._no, row),
            place_no,
            own,
            picked(self._many.column("reward_micros"), row),
            picked(self._many.column("currency"), row),
            strict=True,
        )
        worths = zip(*map(worth.__getitem__, cases), strict=True)
        return _Uses(
            row, slot, assigned_us, place_no, source_no, import_no, currency, state, *worths
        )

    def _keep(self, uses: _Uses | None) -> None:
        """Writes the events, answers them, and moves the counters."""
        if uses is None:
            return
        rows, column = uses.row, self._many.column
        no, number = picked(self._no, rows), picked(self._number, rows)
        keys = [one >> BUCKET_SHIFT for one in number], no, number
        self._tx.add_new(
            "add_uses",
            list(
                zip(
                    *keys,
                    *[picked(column(name), rows) for name in _KEPT],
                    picked(self._many.source_no, rows),
                    picked(self._many.received_us, rows),
                    uses.slot,
                    uses.reason,
                    uses.cost_micros,
                    uses.currency,
                    strict=True,
                )
            ),
            workspace_no=self._plain.workspace_no,
            import_no=self._many.arrivals[0].import_no,
        )
        decided = [bool(state & _DECIDED) for state in uses.state]
        self._plain.decided += compress(zip(*keys, strict=True), decided)
        receipts, briefly = self._plain.receipts, self._plain.briefly
        for row, reason in zip(rows, uses.reason, strict=True):
            receipts[row] = briefly("counted", reason)
        self._count_by_layer(uses)

    def _count_by_layer(self, uses: _Uses) -> None:
        published = self._catalogue.workspace.published_import_no
        if self._many.arrivals[0].import_no > published:
            self._count(HELD, uses)
            return
        waits = [import_no > published for import_no in uses.own_import_no]
        if any(waits):
            self._count(HELD, _some(uses, waits))
            uses = _some(uses, [not its for its in waits])
        self._count(PUBLISHED, uses)

    def _count(self, layer: int, uses: _Uses) -> None:
        """Adds the uses to the counters of a layer."""
        if not uses.row:
            return
        workspace, rows, column = self._catalogue.workspace, uses.row, self._many.column
        tracked_us, usual = workspace.tracking_from_us, workspace.currency
        own_currency: Sequence[str | None] = uses.own_currency
        if min(uses.assigned_us) < tracked_us:  # given before anything was counted: not in the rate
            both = zip(own_currency, uses.assigned_us, strict=True)
            own_currency = [one if at_us >= tracked_us else None for one, at_us in both]
        columns = UseColumns(
            promotion_no=picked(self._no, rows),
            place_no=uses.place_no,
            own_source_no=uses.own_source_no,
            own_us=uses.assigned_us,
            own_currency=own_currency,
            source_no=picked(self._many.source_no, rows),
            redeemed_us=picked(column("redeemed_us"), rows),
            currency=uses.currency,
            order_currency=[one or usual for one in picked(column("currency"), rows)],
            cost_micros=uses.cost_micros,
            order_micros=[one or 0 for one in picked(column("order_micros"), rows)],
        )
        at = places(self._tx, self._plain.workspace_no, columns.place_no)
        count_uses(self._plain.cells[layer], columns, self._plain.names(at, columns.place_no))

    def _repeated(self, used: list[_Asked]) -> None:
        """Answers those that their groups hold already."""
        ids, digests, sources = (
            self._many.column("event_id"),
            self._many.column("digest"),
            self._many.source_no,
        )
        rows = {(sources[row], ids[row]): row for *_, row in used}
        wanted = [(*group, sources[row], ids[row]) for *group, row in used]
        for source_no, event_id, digest, outcome, reason, *_ in self._tx.all_for(
            "repeated_events", wanted
        ):
            row = rows[source_no, event_id]
            if digest == digests[row] and outcome != "rejected":
                self._plain.receipts[row] = self._plain.briefly("duplicate", reason)

    def _answer_again(self, again: list[tuple[int, int]]) -> None:
        """Answers events that came earlier in the same transaction, if those were plain."""
        digests, receipts = self._many.column("digest"), self._plain.receipts
        for row, first in again:
            before = receipts[first]
            if before is not None and digests[row] == digests[first]:
                receipts[row] = self._plain.briefly("duplicate", before.reason)


def _coming_twice(rows: list[int]) -> set[int]:
    """Those that are there more than once."""
    if len(set(rows)) == len(rows):
        return set()
    return {row for row, count in Counter(rows).items() if count > 1}


def _some(uses: _Uses, whether: list[bool]) -> _Uses:
    return _Uses._make(list(compress(column, whether)) for column in uses)
