"""Assignments that no live redemption took: how many have expired, and what the others promise.

Both depend on the clock, so no counter knows them: they are counted over the facts, those that are in the published
figures, in groups as these know them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from promosight.flows.figures.kept import Keeping, kept
from promosight.flows.figures.of_promotions import Counted
from promosight.flows.ledger.held import Part
from promosight.flows.ledger.published import import_runs, stored_groups, take_back
from promosight.flows.ledger.settling import Group
from promosight.rules.wide import whole
from promosight.store.catalogue import Catalogue, Workspace
from promosight.store.rows import AssignmentRow, GroupKey
from promosight.store.tx import Tx

MANY = 100_000
"""Of a promotion with so many assignments the count is kept for a while: it takes about a second for a million."""

_KEEPING = Keeping(us_each=10, slower=6, moved=1_000)
"""Ten seconds for a million, a minute while an import runs."""

_SHARE = 8
"""A table is read from end to end for a promotion that has more than one in so many of all assignments."""
_FEW = 10_000
_GROUPS_AT_ONCE = 2_000


class Unredeemed:
    """Assignments that no live redemption took at a moment: how many have expired, and what the others promise."""

    def __init__(self, now_us: int) -> None:
        self.now_us = now_us
        self.expired = 0
        self.open = 0
        self.without_value = 0
        self.reserved = 0
        self.micros: Counter[str] = Counter()

    def has_expired(self, a: AssignmentRow) -> bool:
        """Whether it is too late to redeem an assignment."""
        return a.expires_us is not None and a.expires_us <= self.now_us

    def count(self, a: AssignmentRow, sign: int = 1) -> None:
        """Adds (sign 1) or takes away (sign -1) one assignment."""
        if self.has_expired(a):
            self.expired += sign
        else:
            without_value = sign if a.committed_micros == 0 else 0
            self.add_open(sign, without_value, a.currency, sign * a.committed_micros)

    def add_open(self, number: int, without_value: int, currency: str, micros: int) -> None:
        """Adds open assignments, and what they promise in a currency."""
        self.open += number
        self.without_value += without_value
        self.micros[currency] += micros

    def reserve(self, held: Iterable[Part]) -> None:
        """Adds what reservations hold."""
        for part in held:
            self.reserved += part.grants
            self.micros[part.currency] += part.micros


def unredeemed(tx: Tx, catalogue: Catalogue, one: Counted, *, now_us: int) -> Unredeemed:
    """The unredeemed assignments of a promotion, and what is reserved; of large ones as it was some seconds ago."""
    assigned, workspace = one.sums["assigned"], catalogue.workspace
    if assigned == one.sums["redeemed"]:
        found = Unredeemed(now_us)
        found.reserve(one.reserved)
        return found
    if assigned < MANY:
        held = import_runs(tx, workspace)
        return _counted(tx, catalogue, one, now_us, held=held)
    return kept(
        tx,
        ("unredeemed", one.listed.promotion_no),
        workspace,
        lambda held: _counted(tx, catalogue, one, now_us, held=held),
        keeping=_KEEPING,
        assigned=assigned,
        now_us=now_us,
    )


def _counted(tx: Tx, catalogue: Catalogue, one: Counted, now_us: int, *, held: bool) -> Unredeemed:
    found = Unredeemed(now_us)
    found.reserve(one.reserved)
    many = is_many(tx, one.sums["assigned"])
    facts = {
        "promotion_no": one.listed.promotion_no,
        "tracking_from_us": catalogue.workspace.tracking_from_us,
        "published_import_no": catalogue.workspace.published_import_no,
        "now_us": now_us,
    }
    _count_rows(tx, found, one.listed.terms.currency, many, facts)
    if held:
        keys = [
            GroupKey(bucket, one.listed.promotion_no, customer_no)
            for bucket, customer_no in tx.all("entangled_groups", many=int(many), **facts)
        ]
        for start in range(0, len(keys), _GROUPS_AT_ONCE):
            _take_back(tx, catalogue, keys[start : start + _GROUPS_AT_ONCE], found)
    return found


def _count_rows(
    tx: Tx, found: Unredeemed, currency: str, many: bool, facts: dict[str, Any]
) -> None:
    """As rows say: nearly all promise the promotion's currency, so that others are only looked for where there are."""
    row = tx.one("unredeemed_of_many" if many else "unredeemed_of_few", currency=currency, **facts)
    assert row is not None
    found.expired, others, number, without_value, high, low = row
    found.add_open(number, without_value, currency, whole(high, low))
    if others:
        rows = tx.all("open_in_others", currency=currency, many=int(many), **facts)
        for other, number, without_value, high, low in rows:
            found.add_open(number, without_value, other, whole(high, low))


def is_many(tx: Tx, assigned: int) -> bool:
    """Whether so many assignments are so many of all that it is cheaper to read them all."""
    if assigned < _FEW:
        return False
    row = tx.one("assigned_in_store")
    return row is not None and assigned * _SHARE >= row[0]


def _take_back(tx: Tx, catalogue: Catalogue, keys: list[GroupKey], found: Unredeemed) -> None:
    """Counts what was unredeemed in these groups before an import touched them, instead of what rows say now."""
    groups = stored_groups(tx, keys)
    workspace = catalogue.workspace
    for group in groups.by_key.values():
        for a in _by_rows(workspace, group):
            found.count(a, -1)
    take_back(tx, catalogue, groups)
    for group in groups.by_key.values():
        for a in group.assignments:
            if a.redeemed_us is None and _in_rate(workspace, a):
                found.count(a)


def _by_rows(workspace: Workspace, group: Group) -> list[AssignmentRow]:
    """The unredeemed of a group as the statements `unredeemed_of_few` and `unredeemed_of_many` count them."""
    published_no = workspace.published_import_no
    taken = {e.slot for e in group.events if e.live and e.import_no <= published_no}
    return [
        a
        for a in group.assignments
        if a.import_no <= published_no and a.slot not in taken and _in_rate(workspace, a)
    ]


def _in_rate(workspace: Workspace, a: AssignmentRow) -> bool:
    in_rate = not a.control and a.withdrawn_us is None
    return in_rate and a.assigned_us >= workspace.tracking_from_us
