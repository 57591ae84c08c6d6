"""Counting a promotion's facts as they were known at a moment: from the facts, for counters only know of now.

Most facts that had come by then are matched as they were then, so all are added up in SQL as they are matched now.
Groups in which that may have been otherwise are looked at one by one: what SQL made of their facts is taken away, and
what `rules.matching` makes of the facts of then is added. So it does no harm to look at too many of them. A piece of
the groups is held at once, however many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Protocol

from promosight.flows.figures.code_lines import CodeLines
from promosight.flows.figures.funnel import is_many
from promosight.flows.figures.moments import Moment
from promosight.flows.figures.of_promotions import EVER_US
from promosight.flows.figures.sums import Sums as Added
from promosight.flows.ledger.groups import Groups
from promosight.flows.ledger.outstanding import CellsByKey, Outstanding
from promosight.flows.ledger.published import held_since_us, leave_out, stored_groups
from promosight.flows.ledger.settling import (
    Context,
    Group,
    Standing,
    derive,
    move,
    promise,
    promised_in,
    standing,
)
from promosight.rules.instants import QUARTER_US, LocalDays
from promosight.rules.matching import promised_micros
from promosight.rules.tallies import (
    ASSIGNED_DAY,
    MEASURES,
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
from promosight.store.rows import AssignmentRow, EventRow, GroupKey
from promosight.store.tx import Tx

_BEFORE_ALL_US = 63_072_000_000_000_000
"""What statements add to an instant, so that quarters are counted from before all times."""
_GROUPS_AT_ONCE = 2_000
_COMMITTED = MEASURES.index("committed_micros")
_DAYS: dict[int | None, int] = {ASSIGNED_DAY: 1, REDEEMED_DAY: 2}
"""What `days` statements are asked for."""
_NOTHING = Standing({}, {})


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
        _Recount(moment, cells, [] if codes is None else [codes]).count(tx)
        self._sums = cells.values

    def cells(self, promotion_no: int, dimension: int) -> CellsByKey:
        """The cells of the promotion in one dimension, by key and currency; without what is committed."""
        return {
            (key, currency): [*values[:_COMMITTED], 0, *values[_COMMITTED + 1 :]]
            for (no, one, key, currency), values in self._sums.items()
            if (no, one) == (promotion_no, dimension)
        }


class Teller(Protocol):
    """What is counted of groups beside the cells."""

    def add(
        self,
        counted: Standing,
        assignments: Sequence[AssignmentRow],
        events: Sequence[EventRow],
        sign: int,
    ) -> None:
        """Adds (sign 1) or takes away (sign -1) what facts of one group come to."""


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
    _Recount(moment, cells, tellers).count(tx)
    return cells.values


def count_beside(tx: Tx, moment: Moment, tellers: Sequence[Teller]) -> None:
    """Makes what was counted of facts as they are matched now what it was at a moment."""
    _Recount(moment, Cells(), tellers).count(tx)


def _tracked(moment: Moment) -> int:
    return moment.workspace.tracking_from_us


def _promise(tx: Tx, moment: Moment, cells: Cells, days: int) -> None:
    """Adds what assignments promised by the terms of then."""
    terms, no = moment.listed.terms, moment.listed.promotion_no
    day = _Days(moment.catalogue.days, days)
    asked = moment.facts | {"days": int(days > 0), "tracking_from_us": _tracked(moment)}
    for tier, own, quarter, high, low, without in tx.all("promised_then", **asked):
        value = promised_micros(terms, None, tier) or 0
        promised, currency = whole(high, low) + without * value, promised_in(terms, own)
        cells.add_assigned(no, (PLACED, currency, (tier or "", "", "", "", "")), 0, promised)
        for dimension in (ASSIGNED_DAY, REDEEMED_DAY) if days else ():
            key = (dimension, currency, (day(quarter), tier or ""))
            cells.add_assigned(no, key, 0, promised)


class _Recount:
    """Counts groups that may have been matched otherwise, and takes away what SQL counted of them."""

    def __init__(self, moment: Moment, cells: Cells, tellers: Sequence[Teller]) -> None:
        self._moment = moment
        self._cells = cells
        self._tellers = tellers

    def count(self, tx: Tx) -> None:
        """Goes over all of them."""
        for groups in _moved_groups(tx, self._moment):
            self._count_as_then(tx, groups)

    def _count_as_then(self, tx: Tx, groups: Groups) -> None:
        moment = self._moment
        for group in groups.by_key.values():
            self._take_away(group)
        for key, group in groups.by_key.items():
            group.events += moment.words.guests.get(key, ())
        _leave_later_out(tx, moment, groups)
        context, placed = _context(tx, moment, groups)
        for key, group in groups.by_key.items():
            events = [e for e in group.events if _is_placed(moment, e, placed)]
            derive(context, moment.listed.terms, group.assignments, events)
            counted = standing(moment.catalogue, group.assignments, events)
            move(self._cells, key, _NOTHING, counted)
            for one in self._tellers:
                one.add(counted, group.assignments, events, 1)

    def _take_away(self, group: Group) -> None:
        """Takes away what SQL counted: facts that had come, as they are matched now, wherever they lie."""
        moment, taken = self._moment, dict[int, int]()
        events = [e for e in group.events if had_come(moment, e)]
        for e in events:
            if e.live and e.slot is not None:
                taken[e.slot] = min(e.redeemed_us, taken.get(e.slot, e.redeemed_us))
        for a in group.assignments:
            a.redeemed_us = taken.get(a.slot)
            if a.withdrawn_us is not None and a.withdrawn_us > moment.known_us:
                a.withdrawn_us = None
            promise(moment.listed.terms, a)
        given = {a.slot for a in group.assignments if had_come(moment, a)}
        every = standing(moment.catalogue, group.assignments, events)
        counted = Standing(
            {slot: a for slot, a in every.assignments.items() if slot in given}, every.redemptions
        )
        move(self._cells, group.key, counted, _NOTHING)
        for one in self._tellers:
            one.add(counted, group.assignments, events, -1)


def _as_matched_now(tx: Tx, moment: Moment, days: int, *, places: bool) -> Combinations:
    workspace, sources = moment.workspace, moment.catalogue.sources
    no, day = moment.listed.promotion_no, _Days(moment.catalogue.days, days)
    asked = moment.facts | {"days": days, "places": int(places)}
    in_rate = asked | {"tracking_from_us": workspace.tracking_from_us}
    assigned: list[tuple[Assigned, int]] = [
        ((no, *_texts(words), sources[source_no], day(quarter), 0, ""), n)
        for *words, source_no, quarter, n in tx.all(_assigned_then(tx, moment), **in_rate)
    ]
    taken: list[tuple[Taken, int]] = [
        ((no, *_texts(words), sources[source_no], day(quarter), day(quarter), ""), n)
        for *words, source_no, quarter, n in tx.all("taken_then", **in_rate)
    ]
    redeemed: list[tuple[Redeemed, list[int]]] = []
    for *words, source_no, quarter, outcome, live, currency, paid_in, n, a, b, c, d in tx.all(
        "redeemed_then", **asked
    ):
        counts_as = outcome if live or outcome == "pending" else "reversed"
        place = (no, *_texts(words), day(quarter), sources[source_no], day(quarter))
        key = (*place, counts_as, currency, paid_in or workspace.currency)
        redeemed.append((key, [n, whole(a, b), whole(c, d)]))
    return Combinations(assigned, taken, redeemed, [], [])


def _assigned_then(tx: Tx, moment: Moment) -> str:
    """The statement that is cheaper."""
    totals = Outstanding(tx, moment.workspace.workspace_no).totals()
    assigned = Added(totals.get(moment.listed.promotion_no, {}).items())["assigned"]
    return "assigned_then_of_many" if is_many(tx, assigned) else "assigned_then"


def _texts(words: Iterable[str | None]) -> tuple[str, str, str, str]:
    tier, segment, channels, campaign = words
    return tier or "", segment or "", channels or "", campaign or ""


class _Days:
    """The local day of a quarter of an hour as statements number them; none where days are not asked for."""

    def __init__(self, zone_days: LocalDays, days: int) -> None:
        self._zone_days = zone_days
        self._days = days

    def __call__(self, quarter: int) -> str:
        if not self._days:
            return ""
        return self._zone_days.day(quarter * QUARTER_US - _BEFORE_ALL_US)


def _moved_groups(tx: Tx, moment: Moment) -> Iterator[Groups]:
    """The groups that may have been matched otherwise, piece by piece."""
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
    keys = chain((key for key in moved if key not in words), sorted(words))
    while some := list(islice(keys, _GROUPS_AT_ONCE)):
        groups = stored_groups(tx, some)
        for key in words.intersection(some):
            groups.of(key)
        yield groups


def had_come(moment: Moment, fact: AssignmentRow | EventRow) -> bool:
    """Whether a fact had come by a moment, and was in the published figures then."""
    return fact.received_us <= moment.known_us and fact.import_no <= moment.published_import_no


def _leave_later_out(tx: Tx, moment: Moment, groups: Groups) -> None:
    """Makes groups what they were: without what came later, or was held back with an import that was running."""
    rows = tx.all_for("channels_until", sorted(groups.by_key))
    for key, group in groups.by_key.items():
        group.assignments[:] = [a for a in group.assignments if a.received_us <= moment.known_us]
        group.events[:] = [e for e in group.events if e.received_us <= moment.known_us]
        held_us = held_since_us(group, moment.published_import_no)
        leave_out(group, moment.published_import_no, held_us)
        before = {
            slot: channels
            for customer_no, slot, until_us, import_no, channels in rows
            if customer_no == key.customer_no
            and (
                until_us > moment.known_us
                or until_us >= held_us
                or import_no > moment.published_import_no
            )
        }
        for a in group.assignments:
            a.channels = before.get(a.slot, a.channels)


def _context(tx: Tx, moment: Moment, groups: Groups) -> tuple[Context, dict[str, int]]:
    """What events are judged by beside their group; and until when each code brought them into this promotion."""
    no, known = moment.listed.promotion_no, moment.known
    events = [e for g in groups.by_key.values() for e in g.events if e.reverses is None]
    customers = sorted({(e.customer_no,) for e in events})
    codes = sorted({(e.promo_code,) for e in events if e.promo_code is not None})
    rows = tx.all_for("codes_then", codes, workspace_no=moment.workspace.workspace_no, **known)
    promotions = {code: own for code, own, loaded, had in rows if loaded or had}
    issued = {code for code, own, _, had in rows if had and own == no}
    own_codes = {
        (a.promo_code, a.customer_no) for g in groups.by_key.values() for a in g.assignments
    }
    foreign = {
        (no, e.promo_code, e.customer_no)
        for e in events
        if e.promo_code is not None
        and e.promo_code in issued
        and e.promo_code not in moment.listed.codes
        and (e.promo_code, e.customer_no) not in own_codes
    }
    known_nos = {row[0] for row in tx.all_for("known_then", customers, **known)}
    placed = moment.codes.copy()
    for code, own, loaded, had in rows:
        if own == no:
            placed[code] = EVER_US if loaded or had else placed.get(code, 0)
    return Context(moment.catalogue, known_nos, foreign, promotions), placed


def _is_placed(moment: Moment, e: EventRow, codes: dict[str, int]) -> bool:
    """Whether an event was known to be of this promotion: it names it, or a code that was its since the event came.

    Or a word that was said to mean it. Of a code that says nothing of when it was, the event lies here since it came.
    """
    catalogue, no = moment.catalogue, moment.listed.promotion_no
    if e.reverses is not None or e.promotion_id == moment.listed.promotion_id:
        return True
    if e.promotion_id is not None:
        return catalogue.no_of(e.promotion_id, e.source_no) == no
    code = e.promo_code or ""
    if catalogue.meant_by("promo_code", code, e.source_no) == no:
        return True
    return e.received_us < codes.get(code, 0 if code in moment.words.codes else EVER_US)
