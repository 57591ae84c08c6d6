"""The counters of promotions as they were at a moment, made of those of now: only what came since is looked at.

A group of which nothing came since adds now what it added then. Of groups in which every event came since, SQL says
what they added since. What other groups that moved add now is taken away, and what `rules.matching` makes of their
facts of then is added. Where facts are judged by something else than then (terms, codes, words), or an import holds
figures back, promotions are not known here and have to be counted whole (`counted_then`).
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import add

from promosight.flows.figures.counted_then import DayOfQuarter, texts
from promosight.flows.figures.latest_then import Latest
from promosight.flows.figures.moments import Moments
from promosight.flows.figures.recounted_then import Recount, Told
from promosight.flows.figures.set_up_since import SetUpSince
from promosight.flows.figures.sums import Sums as Added
from promosight.flows.ledger.outstanding import CellsByKey, Outstanding
from promosight.flows.ledger.published import import_runs
from promosight.flows.ledger.settling import Group, standing
from promosight.rules.identity import bucket_of
from promosight.rules.tallies import (
    ASSIGNED_DAY,
    PLACED,
    REDEEMED_DAY,
    Cells,
    Sums,
)
from promosight.rules.wide import whole
from promosight.store.rows import GroupKey
from promosight.store.tx import Row, Tx

_FEW_FACTS = 2_000
"""So many that came since are looked at group by group, which spares reading all facts again and again."""
_MOST_WAITED = 1_000
"""So many customers that became known since are looked for."""
_LARGE_SHARE = 8
"""What came since is found by reading all facts, which is worth it for a promotion that has an eighth of them."""
_IN_PART = 2
"""Where half of all came since, it is cheaper to count what had come."""
_IN_SMALL_PART = 8
"""The same where only one dimension is to be counted."""

_Keys = dict[int, set[int]]
"""The customers whose groups are looked at, by promotion."""


def from_now(
    tx: Tx, moments: Moments, *, only: int | None = None, one_dimension: bool = False
) -> FromNow | None:
    """The counters of a workspace at a moment, or None where these would not be exact, or dearer than to count.

    `only` one promotion will be asked for, or even `one_dimension` of it.
    """
    if moments.held or import_runs(tx, moments.now.workspace):
        return None
    now = Outstanding(tx, moments.now.workspace.workspace_no)
    facts = {no: _facts(totals) for no, totals in now.totals().items()}
    every = sum(facts.values())
    if only is not None and facts.get(only, 0) * _LARGE_SHARE < every:
        return None
    set_up = SetUpSince(tx, moments)
    if only in set_up.promotions:
        return None
    asked = every if only is None else facts.get(only, 0)
    most = asked // (_IN_SMALL_PART if one_dimension else _IN_PART)
    moved = _moved(tx, moments, set_up, most)
    return None if moved is None else FromNow(tx, moments, now, set_up, *moved)


def _facts(totals: dict[str, list[int]]) -> int:
    """About how many facts a promotion has."""
    sums = Added(totals.items())
    return sums["assigned"] + sums["reported"]


def _moved(
    tx: Tx, moments: Moments, set_up: SetUpSince, most: int
) -> tuple[_Keys, Cells, bool] | None:
    """The groups to be looked at, what SQL says of the others, and whether it says anything; `most` may have come."""
    asked = _asked(moments)
    judged = _judged_otherwise(tx, moments, set_up)
    if judged is None:
        return None
    rows = tx.all("groups_since", most=_FEW_FACTS + 1, **asked)
    if len(rows) <= _FEW_FACTS:
        return _by_promotion([*rows, *judged]), Cells(), False
    came = tx.one("came_since", most=most + 1, **asked)
    if came is None or came[0] > most:
        return None
    return (
        _by_promotion([*tx.each("groups_used_before", **asked), *judged]),
        _new(tx, moments),
        True,
    )


def _asked(moments: Moments) -> dict[str, int]:
    return {
        "workspace_no": moments.now.workspace.workspace_no,
        "known_us": moments.known_us,
    }


def _judged_otherwise(tx: Tx, moments: Moments, set_up: SetUpSince) -> list[Row] | None:
    """The groups that are judged by something else than then, or None where it is not worth finding them."""
    asked = _asked(moments)
    waited = tx.all("waited_since", most=_MOST_WAITED + 1, **asked)
    if len(waited) > _MOST_WAITED:
        return None
    customers = sorted((bucket_of(no), no) for (no,) in waited)
    number = moments.now.workspace.workspace_no
    return [
        *tx.each("groups_judged_since", **asked),
        *tx.all_for("groups_naming", sorted((code,) for code in set_up.codes), **asked),
        *tx.all_for("groups_of_waited", customers, workspace_no=number),
    ]


def _by_promotion(rows: Iterable[Row]) -> _Keys:
    keys: _Keys = {}
    for promotion_no, _, customer_no in rows:
        keys.setdefault(promotion_no, set()).add(customer_no)
    return keys


def _new(tx: Tx, moments: Moments) -> Cells:
    """What groups in which every event came since have added since, taken away."""
    cells, day = Cells(), DayOfQuarter(moments.catalogue.days)
    sources, currency = moments.catalogue.sources, moments.catalogue.workspace.currency
    asked = _asked(moments)
    in_rate = asked | {"tracking_from_us": moments.catalogue.workspace.tracking_from_us}
    for row in tx.each("assigned_since", **in_rate):
        no, *words, source_no, quarter, own, n, high, low = row
        place, on = (*texts(words), sources[source_no]), day(quarter)
        cells.add_assigned(no, (PLACED, own, place), -n, -whole(high, low))
        for dimension in (ASSIGNED_DAY, REDEEMED_DAY):
            cells.add_assigned(no, (dimension, own, (on, place[0])), -n, -whole(high, low))
    for row in tx.each("taken_since", **in_rate):
        no, *words, source_no, quarter, used, own, n = row
        key = (no, *texts(words), sources[source_no], day(quarter), day(used), own)
        cells.take(key, -n)
    for row in tx.each("redeemed_since", **asked):
        no, *words, source_no, quarter, used, outcome, live, own, paid_in, n, a, b, c, d = row
        counts_as = outcome if live or outcome == "pending" else "reversed"
        where = (no, *texts(words), day(quarter), sources[source_no], day(used))
        cells.redeem((*where, counts_as, own, paid_in or currency), -n, -whole(a, b), -whole(c, d))
    for no, given, used in tx.all("customers_since", **in_rate):
        cells.customer(no, -given, -used)
    return cells


class FromNow:
    """The counters of a workspace's promotions as they were; groups are looked at when their promotion is asked for."""

    def __init__(
        self,
        tx: Tx,
        moments: Moments,
        now: Outstanding,
        set_up: SetUpSince,
        keys: _Keys,
        new: Cells,
        by_sql: bool,
    ) -> None:
        self._tx = tx
        self._moments = moments
        self._now = now
        self._set_up = set_up
        self._keys = keys
        self._by_sql = by_sql
        self._differences: dict[tuple[int, int], CellsByKey] = {}
        self._latest: dict[int, Latest] = {}
        self._accepted: dict[int, int] | None = None
        self._include(new.values)
        self._moved = {no for no, _ in self._differences} | keys.keys()

    def knows(self, promotion_no: int) -> bool:
        """Whether a promotion can be told from its counters of now."""
        return promotion_no not in self._set_up.promotions

    def cells(self, promotion_no: int, dimension: int) -> CellsByKey:
        """The cells of one promotion in one dimension, by key and currency."""
        self._look_at_groups(promotion_no)
        found = self._now.cells(promotion_no, dimension)
        return self._then(found, promotion_no, dimension)

    def several(
        self, first_keys: dict[int, str], dimensions: tuple[int, ...]
    ) -> dict[tuple[int, int], CellsByKey]:
        """The cells of promotions in dimensions, each from a key on, by promotion and dimension."""
        found = self._now.several(first_keys, dimensions)
        for no in first_keys:
            self._look_at_groups(no)
        return {
            (no, one): {
                key: values
                for key, values in self._then(cells, no, one).items()
                if key[0] >= first_keys[no]
            }
            for (no, one), cells in found.items()
        }

    def last_us(self, promotion_no: int) -> int:
        """When the latest accepted redemption of a promotion happened; 0 for none."""
        if promotion_no not in self._moved:
            return self._now.last_events().get(promotion_no, 0)
        self._look_at_groups(promotion_no)
        if self._accepted is None:
            self._accepted = dict(self._tx.all("latest_then", **_asked(self._moments)))
        accepted_us = self._accepted.get(promotion_no, 0)
        latest = self._latest.get(promotion_no, Latest())
        if latest.lapsed_us < accepted_us:
            return max(latest.latest_us, accepted_us)
        return latest.found(self._tx, self._moments.of(self._id(promotion_no)))

    def _then(self, cells: CellsByKey, promotion_no: int, dimension: int) -> CellsByKey:
        differences = self._differences.get((promotion_no, dimension))
        return _added(cells, differences) if differences else cells

    def _look_at_groups(self, promotion_no: int) -> None:
        customers = self._keys.pop(promotion_no, None)
        if customers is None:
            return
        moment = self._moments.of(self._id(promotion_no))
        cells, latest = Cells(), self._latest.setdefault(promotion_no, Latest())
        keys = (GroupKey(bucket_of(no), promotion_no, no) for no in sorted(customers))
        Recount(moment, cells, [latest], self._counted).count(self._tx, keys)
        self._include(cells.values)

    def _id(self, promotion_no: int) -> str:
        return self._moments.catalogue.by_no[promotion_no].promotion_id

    def _counted(self, group: Group) -> Told:
        """What a group adds now, without what SQL has taken away of it."""
        assignments, events = group.assignments, group.events
        known_us = self._moments.known_us
        if self._by_sql and all(e.received_us > known_us for e in events):
            assignments, events = [a for a in assignments if a.received_us <= known_us], []
            for a in assignments:
                a.redeemed_us = None
        told = standing(self._moments.catalogue, assignments, events)
        return Told(told, assignments, [e for e in events if e.received_us <= known_us])

    def _include(self, sums: Sums) -> None:
        for (no, dimension, key, currency), values in sums.items():
            cells = self._differences.setdefault((no, dimension), {})
            there = cells.get((key, currency))
            cells[key, currency] = values if there is None else list(map(add, there, values))


def _added(cells: CellsByKey, differences: CellsByKey) -> CellsByKey:
    """Cells with differences added; those that come to nothing are left out."""
    found = dict(cells)
    for key, values in differences.items():
        there = found.get(key)
        found[key] = values if there is None else list(map(add, there, values))
        if not any(found[key]):
            del found[key]
    return found
