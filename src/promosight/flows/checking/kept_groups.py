"""What is kept of busy groups, held against what their events say (`flows/ledger/kept_uses.py`).

The second engine has the word on what became of every event. How assignments are used is added up from that anew, event
by event as they are read, for a busy group may have more of them than memory would hold. What is kept where nothing
should be (of a group without events, of an assignment or a promotion that is not there) is found, too, and so are
assignments of which nothing is kept beside others of which something is, and turns that nobody can read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from promosight.flows.ledger.groups import Groups
from promosight.flows.ledger.kept_uses import stored_uses, turn_of, uses_among
from promosight.flows.ledger.settling import KeptUses, given
from promosight.rules.identity import bucket_of
from promosight.rules.one_more import Turn, Uses
from promosight.store.rows import AssignmentRow, GroupKey
from promosight.store.tx import Row, Tx

_encode = msgspec.json.Encoder().encode
_TOLD = 6
"""What is told of an assignment: live uses, reversed ones, the earliest time, both turns, the import."""
_NOTHING = (None,) * _TOLD
_USES = 2
"""Where the live uses stand in the columns that `stored_uses` reads."""


class ToldEvent(NamedTuple):
    """A redemption: what it took and by what it referred to it, in the columns of `uses_of_group`."""

    slot: int | None
    live: int
    redeemed_us: int
    event_id: str
    assignment_id: str | None
    promo_code: str | None
    campaign_id: str | None
    reverses: None = None


def differing_uses(tx: Tx, workspace_no: int) -> list[Row]:
    """Assignments of which something else is kept than their events say.

    Each with its promotion and a name for it, then pairs of what is kept and what was added up: live uses, reversed
    ones, the earliest time, the first and the last turn, the latest import.
    """
    found = []
    groups = tx.all("kept_groups", workspace_no=workspace_no)
    for promotion_no, customer_no, customer_id, is_known in groups:
        whose = f"customer {customer_id}" if customer_id is not None else "an unknown customer"
        if not is_known:
            whose += f" in a promotion that is not there ({promotion_no})"
        key = GroupKey(bucket_of(customer_no), promotion_no, customer_no)
        for name, kept, added in _compared(tx, key) if is_known else _kept_of_none(tx, key):
            if kept != added:
                pairs = [value for pair in zip(kept, added, strict=True) for value in pair]
                found.append((promotion_no, f"{name} of {whose}", *pairs))
    return found


def _kept_of_none(tx: Tx, key: GroupKey) -> Iterator[tuple[str, Row, Row]]:
    """What is kept of a group whose promotion is not there."""
    for slot, its in _rows_of(tx, key).items():
        yield f"slot {slot}", _only(its[_USES]), _NOTHING


def _rows_of(tx: Tx, key: GroupKey) -> dict[int, Row]:
    """What is kept of a group by slot, in the columns that `stored_uses` reads."""
    of = {"promotion_no": key.promotion_no, "customer_no": key.customer_no}
    return {row[0]: row[1:] for row in tx.all("kept_of_group", **of)}


def _compared(tx: Tx, key: GroupKey) -> Iterator[tuple[str, Row, Row]]:
    """What is kept of each assignment of a group, and what was added up."""
    groups, of = Groups(), key._asdict()
    groups.load_assignments(tx, [key])
    assignments = groups.of(key).assignments
    rows = _rows_of(tx, key)
    kept = {slot: its for slot, row in rows.items() if (its := stored_uses(row)) is not None}
    reader = _Reader(assignments, kept)
    told = (ToldEvent(*row) for row in tx.each("uses_of_group", **of))
    uses = uses_among(assignments, reader.read(told))
    latest = tx.all("latest_import_of_group", **of)[0][0]
    for a in assignments:
        name, added = f"assignment {a.public_id}", uses[a.slot]
        if a.slot in reader.outlived:
            added.last = max(filter(None, (kept[a.slot].uses.last, added.last)))
        if latest is None:
            yield name, _only(rows[a.slot][_USES] if a.slot in rows else None), _NOTHING
        elif a.slot in rows:
            yield name, _kept(rows[a.slot], kept.get(a.slot)), (*_told(added), latest)
        else:
            yield name, _NOTHING, _only(added.count)
    yield from _without_assignment(assignments, rows, reader)


def _kept(row: Row, its: KeptUses | None) -> Row:
    """What is kept; of a row with a turn that nobody can read, what it says."""
    if its is not None:
        return *_told(its.uses), its.import_no
    redeemed_us, import_no, uses, undone, first, last = row
    return uses, undone, redeemed_us, first, last, import_no


def _without_assignment(
    assignments: Iterable[AssignmentRow], rows: Mapping[int, Row], reader: _Reader
) -> Iterator[tuple[str, Row, Row]]:
    """What is kept of slots without an assignment, and what events took of them."""
    there = {a.slot for a in assignments}
    for slot in sorted((rows.keys() | reader.astray.keys()) - there):
        is_kept = slot in rows
        found = rows[slot][_USES] if is_kept else None
        expected = None if is_kept else reader.astray[slot]
        yield f"slot {slot} without an assignment", _only(found), _only(expected)


class _Reader:
    """Reads the redemptions of a group, and notes what is of no use to `uses_among`.

    `astray`: the live ones that took a slot without an assignment. `outlived`: slots whose last turn is kept of one
    that was reversed since. The rule allows that; any other turn later than the last live one is wrong.
    """

    def __init__(self, assignments: Iterable[AssignmentRow], kept: dict[int, KeptUses]) -> None:
        self.astray: Counter[int] = Counter()
        self.outlived: set[int] = set()
        self._given = {a.slot: given(a) for a in assignments}
        self._last: dict[tuple[int, str], dict[int, Turn]] = {}
        for slot, its in kept.items():
            if its.uses.last is not None and slot in self._given:
                self._last.setdefault(its.uses.last[1:], {})[slot] = its.uses.last

    def read(self, events: Iterable[ToldEvent]) -> Iterator[ToldEvent]:
        """Those that say how the assignments are used."""
        for e in events:
            if not e.live:
                self._note_reversed(e)
            if e.slot in self._given:
                yield e
            elif e.slot is not None:
                self.astray[e.slot] += e.live

    def _note_reversed(self, e: ToldEvent) -> None:
        for slot, last in self._last.get((e.redeemed_us, e.event_id), {}).items():
            if turn_of(self._given[slot], e) == last:
                self.outlived.add(slot)


def _only(uses: int | None) -> Row:
    """Where nothing should be kept, or there is no assignment, one number says enough."""
    return (uses, *_NOTHING[1:])


def _told(uses: Uses) -> Row:
    return uses.count, uses.undone, uses.redeemed_us, _turn(uses.first), _turn(uses.last)


def _turn(turn: Turn | None) -> str | None:
    return None if turn is None else _encode(turn).decode()
