"""Counting a promotion's facts as they were known at a moment: from the facts, for counters only know of now.

Most facts that had come by then are matched as they were then, so all are added up in SQL as they are matched now.
Groups in which that may have been otherwise are looked at one by one (`recounted_then`): what SQL made of their facts
is taken away, and what they came to is added.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain

from promosight.flows.figures.code_lines import CodeLines
from promosight.flows.figures.moments import Moment
from promosight.flows.figures.recounted_then import (
    Recount,
    Teller,
    Told,
    had_come,
    leave_withdrawal_out,
)
from promosight.flows.figures.sums import Sums as Added
from promosight.flows.figures.unredeemed import is_many
from promosight.flows.ledger.outstanding import CellsByKey, Outstanding
from promosight.flows.ledger.settling import Group, Standing, promise, standing
from promosight.rules.instants import QUARTER_US, LocalDays
from promosight.rules.matching import promised_in, promised_micros
from promosight.rules.measures import MEASURES
from promosight.rules.tallies import (
    ASSIGNED_DAY,
    PLACED,
    REDEEMED_DAY,
    Assigned,
    Cells,
    Combinations,
    Redeemed,
    Sums,
    Taken,
)
from promosight.rules.wide import whole
from promosight.store.rows import GroupKey
from promosight.store.tx import Tx

_BEFORE_ALL_US = 63_072_000_000_000_000
"""What statements add to an instant, so that quarters are counted from before all times."""
_COMMITTED = MEASURES.index("committed_micros")
_DAYS: dict[int | None, int] = {ASSIGNED_DAY: 1, REDEEMED_DAY: 2}
"""What `days` statements are asked for."""


class CountedThen:
    """The counters of one promotion as they were at a moment: the total, and one dimension or those of all words.

    What moved of the lines by code is added to `codes`.
    """

    def __init__(
        self, tx: Tx, moment: Moment, dimension: int | None, codes: CodeLines | None
    ) -> None:
        cells = Cells()
        days = _DAYS.get(dimension, 0)
        cells.include(_as_matched_now(tx, moment, days, places=not days))
        _correct(tx, moment, cells, [] if codes is None else [codes])
        self._sums = cells.values

    def cells(self, promotion_no: int, dimension: int) -> CellsByKey:
        """The cells of the promotion in one dimension, by key and currency; without what is committed."""
        return {
            (key, currency): [*values[:_COMMITTED], 0, *values[_COMMITTED + 1 :]]
            for (no, one, key, currency), values in self._sums.items()
            if (no, one) == (promotion_no, dimension)
        }


def count_then(tx: Tx, moment: Moment, days: int, *, tellers: Sequence[Teller] = ()) -> Sums:
    """Every cell of a promotion as it was, with what was committed and how many customers there were.

    `days` as in `as_matched_now`: 1 for days of assignment, 2 for those of redemption, each with their tiers.
    """
    cells = Cells()
    cells.include(_as_matched_now(tx, moment, days, places=True))
    _promise(tx, moment, cells, days)
    if not days:
        row = tx.one("customers_then", tracking_from_us=_tracked(moment), **moment.facts)
        cells.customer(moment.listed.promotion_no, *(row or (0, 0)))
    _correct(tx, moment, cells, tellers)
    return cells.values


def count_beside(tx: Tx, moment: Moment, tellers: Sequence[Teller]) -> None:
    """Makes what was counted of facts as they are matched now what it was at a moment."""
    _correct(tx, moment, Cells(), tellers)


def _correct(tx: Tx, moment: Moment, cells: Cells, tellers: Sequence[Teller]) -> None:
    """Makes cells that SQL counted what they were."""
    recount = Recount(moment, cells, tellers, partial(_counted_in_sql, moment))
    recount.count(tx, _moved_groups(tx, moment))


def _tracked(moment: Moment) -> int:
    return moment.workspace.tracking_from_us


def _promise(tx: Tx, moment: Moment, cells: Cells, days: int) -> None:
    """Adds what assignments promised by the terms of then."""
    terms, no = moment.listed.terms, moment.listed.promotion_no
    day = DayOfQuarter(moment.catalogue.days) if days else _no_day
    asked = moment.facts | {"days": int(days > 0), "tracking_from_us": _tracked(moment)}
    for tier, own, quarter, high, low, without in tx.all("promised_then", **asked):
        value = promised_micros(terms, None, tier) or 0
        promised, currency = whole(high, low) + without * value, promised_in(terms, own)
        cells.add_assigned(no, (PLACED, currency, (tier or "", "", "", "", "")), 0, promised)
        for dimension in (ASSIGNED_DAY, REDEEMED_DAY) if days else ():
            key = (dimension, currency, (day(quarter), tier or ""))
            cells.add_assigned(no, key, 0, promised)


def _counted_in_sql(moment: Moment, group: Group) -> Told:
    """What SQL counted of a group: facts that had come, as they are matched now, wherever they lie."""
    taken = dict[int, int]()
    events = [e for e in group.events if had_come(moment, e)]
    for e in events:
        if e.live and e.slot is not None:
            taken[e.slot] = min(e.redeemed_us, taken.get(e.slot, e.redeemed_us))
    for a in group.assignments:
        a.redeemed_us = taken.get(a.slot)
        leave_withdrawal_out(moment, a)
        promise(moment.listed.terms, a)
    given = {a.slot for a in group.assignments if had_come(moment, a)}
    every = standing(moment.catalogue, group.assignments, events)
    counted = {slot: a for slot, a in every.assignments.items() if slot in given}
    return Told(Standing(counted, every.redemptions), group.assignments, events)


def _as_matched_now(tx: Tx, moment: Moment, days: int, *, places: bool) -> Combinations:
    workspace, sources = moment.workspace, moment.catalogue.sources
    no = moment.listed.promotion_no
    day = DayOfQuarter(moment.catalogue.days) if days else _no_day
    asked = moment.facts | {"days": days, "places": int(places)}
    in_rate = asked | {"tracking_from_us": workspace.tracking_from_us}
    assigned: list[tuple[Assigned, int]] = [
        ((no, *texts(words), sources[source_no], day(quarter), 0, ""), n)
        for *words, source_no, quarter, n in tx.all(_assigned_then(tx, moment), **in_rate)
    ]
    taken: list[tuple[Taken, int]] = [
        ((no, *texts(words), sources[source_no], day(quarter), day(quarter), ""), n)
        for *words, source_no, quarter, n in tx.all("taken_then", **in_rate)
    ]
    redeemed: list[tuple[Redeemed, list[int]]] = []
    for *words, source_no, quarter, outcome, live, currency, paid_in, n, a, b, c, d in tx.all(
        "redeemed_then", **asked
    ):
        counts_as = outcome if live or outcome == "pending" else "reversed"
        place = (no, *texts(words), day(quarter), sources[source_no], day(quarter))
        key = (*place, counts_as, currency, paid_in or workspace.currency)
        redeemed.append((key, [n, whole(a, b), whole(c, d)]))
    return Combinations(assigned, taken, redeemed, [], [])


def _assigned_then(tx: Tx, moment: Moment) -> str:
    """The statement that is cheaper."""
    totals = Outstanding(tx, moment.workspace.workspace_no).totals()
    assigned = Added(totals.get(moment.listed.promotion_no, {}).items())["assigned"]
    return "assigned_then_of_many" if is_many(tx, assigned) else "assigned_then"


def texts(words: Iterable[str | None]) -> tuple[str, str, str, str]:
    """The words of a place as cells are keyed by them."""
    tier, segment, channels, campaign = words
    return tier or "", segment or "", channels or "", campaign or ""


class DayOfQuarter:
    """The local day of a quarter of an hour as statements number them."""

    def __init__(self, zone_days: LocalDays) -> None:
        self._zone_days = zone_days

    def __call__(self, quarter: int) -> str:
        """The day."""
        return self._zone_days.day(quarter * QUARTER_US - _BEFORE_ALL_US)


def _no_day(quarter: int) -> str:  # noqa: ARG001
    """Where days are not asked for."""
    return ""


def _moved_groups(tx: Tx, moment: Moment) -> Iterator[GroupKey]:
    """The groups that may have been matched otherwise, each once."""
    code, fallback_code = moment.lasting_codes
    asked = moment.facts | {
        "workspace_no": moment.workspace.workspace_no,
        "changed": int(moment.changed),
        "held": int(moment.held),
    }
    no = moment.listed.promotion_no
    moved = (
        GroupKey(bucket, no, customer_no)
        for bucket, customer_no in tx.each(
            "groups_moved_since", code=code, fallback_code=fallback_code, **asked
        )
    )
    words = moment.words.keys
    return chain((key for key in moved if key not in words), sorted(words))
