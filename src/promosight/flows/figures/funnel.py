"""The funnel: of the assigned, how many redeemed, how many still may, and how many never will.

All that counters know is read from them, so that it equals the list's cell. Only what has expired depends on the
clock, and is counted over the facts: those that are in the published figures, in groups as these know them.
"""

from __future__ import annotations

import msgspec

from promosight.flows.figures.kept import Keeping, kept
from promosight.flows.figures.of_promotions import Counted, View
from promosight.flows.ledger.published import import_runs, stored_groups, take_back
from promosight.flows.ledger.settling import Group
from promosight.flows.promotions.manage_promotions import defined
from promosight.rules.instants import format_instant
from promosight.rules.measures import MEASURES
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


class Funnel(msgspec.Struct):
    """What became of a promotion's assignments, and of its redemptions; assigned = redeemed + open + expired."""

    promotion_id: str
    state: str
    assigned: int
    redeemed: int
    open: int
    expired: int
    redemptions: int
    excess: int
    unassigned: int
    flagged: int
    pending: int
    reversed: int
    as_of: str


def funnel(tx: Tx, workspace_no: int, promotion_id: str, *, now_us: int) -> Funnel:
    """A promotion's funnel. Raises NotFound."""
    defined(tx, workspace_no, promotion_id)
    view = View(tx, workspace_no, now_us=now_us)
    (one,) = view.counted([view.catalogue.by_id[promotion_id]])
    unredeemed = one.sums["assigned"] - one.sums["redeemed"]
    expired = _expired(tx, view.catalogue, one, now_us) if unredeemed else 0
    return shown_funnel(one, expired, now_us=now_us)


def shown_funnel(one: Counted, expired: int, *, now_us: int) -> Funnel:
    """The funnel of a promotion of whose assignments so many have expired."""
    counts = dict(zip(MEASURES, one.sums.counts, strict=False))
    unredeemed = counts["assigned"] - counts["redeemed"]
    # What an import changes beyond its groups, or a count kept for a while, must not show more than there is.
    expired = min(expired, unredeemed)
    return Funnel(
        promotion_id=one.listed.promotion_id,
        state=one.state,
        assigned=counts["assigned"],
        redeemed=counts["redeemed"],
        open=unredeemed - expired,
        expired=expired,
        redemptions=counts["redemptions"],
        excess=counts["excess"],
        unassigned=counts["unassigned"],
        flagged=counts["flagged"],
        pending=counts["pending"],
        reversed=counts["reversed"],
        as_of=format_instant(now_us),
    )


def _expired(tx: Tx, catalogue: Catalogue, one: Counted, now_us: int) -> int:
    """How many unredeemed assignments have expired; of large promotions as it was some seconds ago."""
    assigned, workspace = one.sums["assigned"], catalogue.workspace
    if assigned < MANY:
        return _counted(tx, catalogue, one, now_us, held=import_runs(tx, workspace))
    return kept(
        tx,
        ("expired", one.listed.promotion_no),
        workspace,
        lambda held: _counted(tx, catalogue, one, now_us, held=held),
        keeping=_KEEPING,
        assigned=assigned,
        now_us=now_us,
    )


def _counted(tx: Tx, catalogue: Catalogue, one: Counted, now_us: int, *, held: bool) -> int:
    facts = {
        "promotion_no": one.listed.promotion_no,
        "tracking_from_us": catalogue.workspace.tracking_from_us,
        "published_import_no": catalogue.workspace.published_import_no,
        "now_us": now_us,
    }
    many = is_many(tx, one.sums["assigned"])
    row = tx.one("expired_of_many" if many else "expired_of_few", **facts)
    assert row is not None
    expired: int = row[0]
    if held:
        keys = [
            GroupKey(bucket, one.listed.promotion_no, customer_no)
            for bucket, customer_no in tx.all("entangled_groups", many=int(many), **facts)
        ]
        for start in range(0, len(keys), _GROUPS_AT_ONCE):
            some = keys[start : start + _GROUPS_AT_ONCE]
            expired += _taken_back(tx, catalogue, some, now_us)
    return expired


def is_many(tx: Tx, assigned: int) -> bool:
    """Whether so many assignments are so many of all that it is cheaper to read them all."""
    if assigned < _FEW:
        return False
    row = tx.one("assigned_in_store")
    return row is not None and assigned * _SHARE >= row[0]


def _taken_back(tx: Tx, catalogue: Catalogue, keys: list[GroupKey], now_us: int) -> int:
    """By how much more (or fewer) had expired in these groups before an import touched them than rows say now."""
    groups = stored_groups(tx, keys)
    judge = _Judge(catalogue.workspace, now_us)
    as_rows_say = sum(map(judge.by_rows, groups.by_key.values()))
    take_back(tx, catalogue, groups)
    return sum(map(judge.as_matched, groups.by_key.values())) - as_rows_say


class _Judge:
    """Counts what has expired unredeemed in a group."""

    def __init__(self, workspace: Workspace, now_us: int) -> None:
        self._published_no = workspace.published_import_no
        self._tracking_from_us = workspace.tracking_from_us
        self._now_us = now_us

    def by_rows(self, group: Group) -> int:
        """As the statements `expired_of_few` and `expired_of_many` count it."""
        published_no = self._published_no
        taken = {e.slot for e in group.events if e.live and e.import_no <= published_no}
        return sum(
            a.import_no <= published_no and a.slot not in taken and self._has_expired(a)
            for a in group.assignments
        )

    def as_matched(self, group: Group) -> int:
        """As the group was matched last."""
        return sum(a.redeemed_us is None and self._has_expired(a) for a in group.assignments)

    def _has_expired(self, a: AssignmentRow) -> bool:
        in_rate = not a.control and a.withdrawn_us is None
        in_rate = in_rate and a.assigned_us >= self._tracking_from_us
        return in_rate and a.expires_us is not None and a.expires_us <= self._now_us
