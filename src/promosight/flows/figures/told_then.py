"""What is told of one promotion beside its counters, as it was known at a moment: its funnel, its return, what its rate
was expected to become.

Each is added up in SQL of the facts that had come, as they are matched now; for groups that may have been matched
otherwise that is taken away and counted anew, as the counters are.
"""

from __future__ import annotations

from collections import Counter

from promosight.flows.figures.counted_then import count_beside
from promosight.flows.figures.funnel import Funnel, shown_funnel
from promosight.flows.figures.maturing import Maturity, cell_of, shown_maturity, week_shifts
from promosight.flows.figures.moments import Moment
from promosight.flows.figures.of_promotions import Counted
from promosight.flows.figures.promotion_return import Return, arms_of, shown_return
from promosight.flows.figures.recounted_then import Told, had_come
from promosight.flows.figures.seen_then import ViewThen
from promosight.flows.figures.unredeemed import Unredeemed
from promosight.flows.promotions.manage_promotions import defined
from promosight.rules.instants import DAY_US, week_of
from promosight.rules.matching import promised_in, promised_micros
from promosight.rules.maturing import Cell
from promosight.rules.wide import whole
from promosight.store.rows import AssignmentRow
from promosight.store.tx import Tx


def one_then(
    tx: Tx, workspace_no: int, promotion_id: str, known_us: int, *, now_us: int
) -> tuple[ViewThen, Counted]:
    """A promotion as it was known at a moment. Raises NotFound, Invalid."""
    defined(tx, workspace_no, promotion_id)
    view = ViewThen(tx, workspace_no, known_us, now_us=now_us, only=promotion_id)
    (one,) = view.counted([view.catalogue.by_id[promotion_id]])
    return view, one


def funnel_then(
    tx: Tx, workspace_no: int, promotion_id: str, known_us: int, *, now_us: int
) -> Funnel:
    """A promotion's funnel as it was. Raises NotFound, Invalid."""
    view, one = one_then(tx, workspace_no, promotion_id, known_us, now_us=now_us)
    moment = view.then.moment(one.listed.promotion_no)
    left = _Left(tx, moment)
    count_beside(tx, moment, [left])
    left.found.reserve(one.reserved)
    return shown_funnel(one, left.found, now_us=known_us)


def return_then(
    tx: Tx,
    workspace_no: int,
    promotion_id: str,
    measure: str,
    horizon_days: int,
    known_us: int,
    *,
    now_us: int,
) -> Return:
    """A promotion's return as it was. Raises NotFound, Invalid."""
    view, one = one_then(tx, workspace_no, promotion_id, known_us, now_us=now_us)
    return return_in(tx, view, one, measure, horizon_days)


def return_in(tx: Tx, view: ViewThen, one: Counted, measure: str, horizon_days: int) -> Return:
    """The return of a promotion that is counted already."""
    moment = view.then.moment(one.listed.promotion_no)
    closed_us, horizon_us = moment.known_us - horizon_days * DAY_US, horizon_days * DAY_US
    facts = moment.facts | {"tracking_from_us": _tracked(moment), "closed_us": closed_us}
    sums = {currency: whole(*both) for currency, *both in tx.all("return_cost_then", **facts)}
    costs = _Costs(moment, closed_us, sums)
    count_beside(tx, moment, [costs])
    spent = {currency: micros for currency, micros in costs.sums.items() if micros}
    rows = tx.each("return_of_customers_then", **facts, measure=measure, horizon_us=horizon_us)
    return shown_return(one, arms_of(rows, spent, moment.known_us), measure, horizon_days)


def maturity_then(
    tx: Tx, workspace_no: int, promotion_id: str, known_us: int, *, now_us: int
) -> Maturity:
    """What a promotion's rate was expected to become. Raises NotFound, Invalid."""
    view, one = one_then(tx, workspace_no, promotion_id, known_us, now_us=now_us)
    moment = view.then.moment(one.listed.promotion_no)
    before_us, after_us = week_shifts(moment.workspace, known_us)
    lives = _Lives(moment)
    for row in tx.all(
        "lives_then",
        tracking_from_us=_tracked(moment),
        before_us=before_us,
        after_us=after_us,
        **moment.facts,
    ):
        *alike, past_s, number = row
        lives.count(cell_of(moment.catalogue, row), number, past_s, alike[0])
    count_beside(tx, moment, [lives])
    return shown_maturity(one, lives.cells(), known_us)


def _tracked(moment: Moment) -> int:
    return moment.workspace.tracking_from_us


class _Left:
    """What was unredeemed: as matched now, with what it promised by the terms of then."""

    def __init__(self, tx: Tx, moment: Moment) -> None:
        self.found = Unredeemed(moment.known_us)
        terms = moment.listed.terms
        facts = moment.facts | {"tracking_from_us": _tracked(moment)}
        for tier, own_currency, expired, number, high, low, without, zero in tx.all(
            "unredeemed_then", **facts
        ):
            if expired:
                self.found.expired += number
                continue
            value = promised_micros(terms, None, tier) or 0
            without_value = zero if value else zero + without
            promised, currency = (
                whole(high, low) + without * value,
                promised_in(terms, own_currency),
            )
            self.found.add_open(number, without_value, currency, promised)

    def add(self, told: Told, sign: int) -> None:
        """Adds those of a group."""
        for a in told.assignments:
            stands = told.standing.assignments.get(a.slot)
            if stands is not None and not stands.redeemed:
                self.found.count(a, sign)


class _Costs:
    """What redemptions cost, without those of customers whose horizon was open."""

    def __init__(self, moment: Moment, closed_us: int, sums: dict[str, int]) -> None:
        self._moment = moment
        self._closed_us = closed_us
        self.sums = Counter(sums)

    def add(self, told: Told, sign: int) -> None:
        """Adds those of a group, which is one customer's."""
        tracked_us = _tracked(self._moment)
        first_us = min(
            (
                a.assigned_us
                for a in told.assignments
                if had_come(self._moment, a)
                and a.withdrawn_us is None
                and a.assigned_us >= tracked_us
            ),
            default=None,
        )
        if first_us is not None and first_us > self._closed_us:
            return
        for r in told.standing.redemptions.values():
            if r.live:
                self.sums[r.currency] += sign * r.cost_micros


_Alike = tuple[str, int, int | None, int | None, bool]
"""Week, age, life, delay, expired."""


class _Lives:
    """The lives of assignments, those that are alike together."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        self._found: dict[_Alike, list[int]] = {}

    def count(self, cell: Cell, number: int, past_s: int, age: int) -> None:
        """Adds so many, which are `past_s` seconds past their age in all."""
        alike = (cell.week, age, cell.life, cell.delay, cell.expired)
        both = self._found.setdefault(alike, [0, 0])
        both[0] += number
        both[1] += past_s

    def add(self, told: Told, sign: int) -> None:
        """Adds those of a group."""
        for a in told.assignments:
            if a.slot in told.standing.assignments:
                cell, past_s, age = self._life(a)
                self.count(cell, sign, sign * past_s, age)

    def cells(self) -> list[Cell]:
        """As the rule wants them."""
        return [
            Cell(
                week=week,
                age=max(age, 0),
                part=min(max(past_s * 1_000_000 / (number * DAY_US), 0.0), 1.0),
                life=life,
                delay=delay,
                expired=expired,
                assignments=number,
            )
            for (week, age, life, delay, expired), (number, past_s) in self._found.items()
            if number
        ]

    def _life(self, a: AssignmentRow) -> tuple[Cell, int, int]:
        """One assignment as `lives_then` counts it: what divides there rounds towards zero."""
        catalogue, known_us = self._moment.catalogue, self._moment.known_us
        lived_us, redeemed_us = known_us - a.assigned_us, a.redeemed_us
        age, past_us = _divided(lived_us, DAY_US)
        life = delay = None
        if redeemed_us is not None:
            delay = max(_divided(redeemed_us - a.assigned_us, DAY_US)[0], 0)
        elif a.expires_us is not None:
            life = max(_divided(a.expires_us - a.assigned_us + DAY_US - 1, DAY_US)[0], 0)
        expired = redeemed_us is None and a.expires_us is not None and a.expires_us <= known_us
        week = week_of(catalogue.days.day(a.assigned_us), catalogue.workspace.week_start)
        return Cell(week, age, 0.0, life, delay, expired, 1), _divided(past_us, 1_000_000)[0], age


def _divided(value: int, by: int) -> tuple[int, int]:
    """Quotient and rest as SQL has them."""
    quotient = abs(value) // by * (1 if value >= 0 else -1)
    return quotient, value - quotient * by
