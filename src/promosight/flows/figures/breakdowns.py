"""Breakdowns: one promotion's figures by one dimension. Rows sum to the total, the total is the list's."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import msgspec

from promosight.errors import Invalid
from promosight.flows.figures.code_lines import EVERY_CODE, CodeLines, CodePage
from promosight.flows.figures.counted_then import CountedThen, count_beside
from promosight.flows.figures.from_now import from_now
from promosight.flows.figures.moments import Moments, moments_of, while_an_import_runs
from promosight.flows.figures.of_promotions import (
    EVER_US,
    Coverage,
    money,
    order_currency,
    state_of,
    sum_cells,
    units,
)
from promosight.flows.figures.sums import Sums
from promosight.flows.ledger.outstanding import CellsByKey, Outstanding
from promosight.flows.ledger.published import import_runs
from promosight.flows.promotions.manage_promotions import defined
from promosight.rules import rates
from promosight.rules.instants import format_instant, month_of, week_of
from promosight.rules.tallies import (
    ASSIGNED_DAY,
    CAMPAIGN,
    CHANNEL,
    OUTCOME,
    REDEEMED_DAY,
    SEGMENT,
    SOURCE,
    TIER,
    TOTAL,
)
from promosight.store.catalogue import Catalogue, Listed, load
from promosight.store.tx import Row, Tx

_PLAIN = {
    "tier": TIER,
    "segment": SEGMENT,
    "channel": CHANNEL,
    "campaign": CAMPAIGN,
    "source": SOURCE,
    "outcome": OUTCOME,
}
_TIMES = ("day", "week", "month")
DIMENSIONS = (*_PLAIN, "code", *_TIMES)
"""What a breakdown can be by."""


class Line(msgspec.Struct):
    """One row of a breakdown, or its total; names as in the HTTP contract. `key` is None where facts carry none.

    `name` is that of the tier, where it has one.
    """

    key: str | None
    name: str | None
    assigned: int
    redeemed: int
    rate: float | None
    interval: tuple[float, float] | None
    display: str
    redemptions: int
    excess: int
    unassigned: int
    flagged: int
    pending: int
    reversed: int
    reward_cost: dict[str, str]
    reward_units: dict[str, str]
    order_value: dict[str, str]
    enough: bool


class Breakdown(msgspec.Struct):
    """The total and its rows. `date` says whether days are those of assignment or of redemption."""

    promotion_id: str
    by: str
    date: str
    state: str
    total: Line
    rows: list[Line]
    next_code: str | None = msgspec.field(default=None, name="next")
    """By code: the code after which the next page begins, or None."""
    as_of: str | None = None
    """The moment as of which the figures were known; None: now."""


class _Counters(Protocol):
    """Where cells are read."""

    def cells(self, promotion_no: int, dimension: int) -> CellsByKey:
        """The cells of one promotion in one dimension."""


class Seen(NamedTuple):
    """A promotion as it is seen, now or as of a moment: how it was set up, and its counters."""

    catalogue: Catalogue
    listed: Listed
    coverage: Coverage
    counters: _Counters
    codes: CodeLines | None


def breakdown(
    tx: Tx,
    workspace_no: int,
    promotion_id: str,
    by: str,
    *,
    date: str = "assigned",
    page: CodePage = EVERY_CODE,
    as_of_us: int | None = None,
    now_us: int = EVER_US,
) -> Breakdown:
    """A promotion's figures by `by`. Raises NotFound, Invalid. Rows that add nothing are left out, but for tiers.

    By code there are as many rows as customers, so these come in pages; the total is always the whole. `as_of_us`
    tells them as they were known at that moment, which must not lie after `now_us`.
    """
    if by not in DIMENSIONS:
        raise Invalid("must be one of " + ", ".join(DIMENSIONS), pointer="/by")
    if date not in ("assigned", "redeemed"):
        raise Invalid("must be assigned or redeemed", pointer="/date")
    wanted_page = page if by == "code" else None
    if as_of_us is None:
        seen = seen_now(tx, workspace_no, promotion_id, wanted_page)
    else:
        moments = moments_of(tx, workspace_no, promotion_id, as_of_us, now_us=now_us)
        seen = seen_then(tx, moments, promotion_id, _dimension(by, date), wanted_page)
    told = told_of(seen, by, date)
    told.as_of = None if as_of_us is None else format_instant(as_of_us)
    return told


def seen_now(tx: Tx, workspace_no: int, promotion_id: str, page: CodePage | None = None) -> Seen:
    """A promotion as it is seen now. Raises NotFound."""
    defined(tx, workspace_no, promotion_id)
    catalogue = load(tx, workspace_no)
    listed = catalogue.by_id[promotion_id]
    codes = None if page is None else _code_lines(tx, catalogue, listed, page)
    return Seen(catalogue, listed, Coverage(tx, catalogue), Outstanding(tx, workspace_no), codes)


def _code_lines(tx: Tx, catalogue: Catalogue, listed: Listed, page: CodePage) -> CodeLines:
    """The lines of now. The rows of groups that a running import has touched say more than what is published."""
    if not import_runs(tx, catalogue.workspace):
        published_no = catalogue.workspace.published_import_no
        known = {"known_us": EVER_US, "published_import_no": published_no}
        return CodeLines(tx, catalogue, listed, page, **known)
    moment = while_an_import_runs(tx, catalogue, listed)
    codes = CodeLines(tx, catalogue, listed, page, **moment.known)
    count_beside(tx, moment, [codes])
    return codes


def seen_then(
    tx: Tx,
    moments: Moments,
    promotion_id: str,
    dimension: int | None,
    page: CodePage | None = None,
) -> Seen:
    """A promotion as it was seen at a moment, as far as one dimension goes."""
    moment = moments.of(promotion_id)
    seen = moment.catalogue, moment.listed, moment.coverage
    if page is not None:
        codes = CodeLines(tx, moment.catalogue, moment.listed, page, **moment.known)
        return Seen(*seen, CountedThen(tx, moment, dimension, codes), codes)
    then = from_now(tx, moments, only=moment.listed.promotion_no, one_dimension=True)
    return Seen(*seen, then or CountedThen(tx, moment, dimension, None), None)


def breakdown_then(
    catalogue: Catalogue, listed: Listed, coverage: Coverage, counters: _Counters, by: str
) -> Breakdown:
    """A promotion's figures by a word of its facts, of counters as they were."""
    return told_of(Seen(catalogue, listed, coverage, counters, None), by, "assigned")


def told_of(seen: Seen, by: str, date: str) -> Breakdown:
    """The breakdown of what is seen."""
    catalogue, listed = seen.catalogue, seen.listed
    total = _by_key(_cells(seen.counters, listed, TOTAL)).get("", Sums())
    state = state_of(listed, total, seen.coverage)
    next_code = None
    if seen.codes is not None:
        groups, next_code = seen.codes.groups(total)
    else:
        groups = _groups(seen.counters, catalogue, listed, by, date)
    if by == "outcome":
        _spread_outcomes(groups, total)
    names = _tiers(listed) if by == "tier" else {}
    # Rows by outcome, or by day of redemption, have no denominator of their own.
    rated = state == "tracked" and by != "outcome" and not (by in _TIMES and date == "redeemed")
    line = _Lines(catalogue, listed, rated=rated)
    for tier_id in names:
        groups.setdefault(tier_id, Sums())
    rows = [
        line(key or None, sums, names.get(key))
        for key, sums in groups.items()
        if key in names or _adds(sums)
    ]
    rows.sort(key=_order(names))
    whole = _Lines(catalogue, listed, rated=state == "tracked")(None, total)
    return Breakdown(listed.promotion_id, by, date, state, whole, rows, next_code)


_Share = tuple[float | None, tuple[float, float] | None, str]


class _Lines:
    """Makes lines of one promotion; only `rated` ones carry a rate."""

    def __init__(self, catalogue: Catalogue, listed: Listed, *, rated: bool) -> None:
        self.reward = listed.terms.currency
        self.order = order_currency(catalogue, listed)
        self.rated = rated
        self._shares: dict[tuple[int, int], _Share] = {}

    def __call__(self, key: str | None, sums: Sums, name: str | None = None) -> Line:
        (
            assigned,
            redeemed,
            _,
            _,
            redemptions,
            excess,
            unassigned,
            flagged,
            pending,
            reversed_,
            _,
        ) = sums.counts
        rate, interval, display = self._share(redeemed, assigned)
        return Line(
            key=key,
            name=name,
            assigned=assigned,
            redeemed=redeemed,
            rate=rate,
            interval=interval,
            display=display,
            redemptions=redemptions,
            excess=excess,
            unassigned=unassigned,
            flagged=flagged,
            pending=pending,
            reversed=reversed_,
            reward_cost=money(sums.cost, self.reward),
            reward_units=units(sums.cost),
            order_value=money(sums.order, self.order),
            enough=assigned >= rates.ENOUGH,
        )

    def _share(self, redeemed: int, assigned: int) -> _Share:
        """Rate, interval and display. By code most rows have the same."""
        if not self.rated:
            return None, None, "-"
        both = redeemed, assigned
        share = self._shares.get(both)
        if share is None:
            share = self._shares[both] = (
                rates.rate(*both),
                rates.wilson(*both),
                rates.display(*both),
            )
        return share


def _dimension(by: str, date: str) -> int | None:
    """The dimension whose cells a breakdown reads; none by code."""
    if by in _TIMES:
        return ASSIGNED_DAY if date == "assigned" else REDEEMED_DAY
    return _PLAIN.get(by)


def _groups(
    counters: _Counters, catalogue: Catalogue, listed: Listed, by: str, date: str
) -> dict[str, Sums]:
    dimension = _dimension(by, date)
    assert dimension is not None
    cells = _cells(counters, listed, dimension)
    if by not in _TIMES:
        return _by_key(cells)
    return _by_key([(_period(catalogue, by, key), *rest) for key, *rest in cells])


def _period(catalogue: Catalogue, by: str, day: str) -> str:
    if not day or by == "day":
        return day
    return month_of(day) if by == "month" else week_of(day, catalogue.workspace.week_start)


def _cells(counters: _Counters, listed: Listed, dimension: int) -> list[Row]:
    cells = counters.cells(listed.promotion_no, dimension)
    return [(*key, *values) for key, values in cells.items()]


def _by_key(cells: list[Row]) -> dict[str, Sums]:
    grouped: dict[str, list[Row]] = {}
    for key, *values in cells:
        grouped.setdefault(key, []).append(tuple(values))
    return {key: sum_cells(values) for key, values in grouped.items()}


def _spread_outcomes(groups: dict[str, Sums], total: Sums) -> None:
    """Assignments have an outcome too: redeemed by counted events, or not redeemed."""
    counted = groups.setdefault("counted", Sums())
    counted["assigned"] = counted["redeemed"] = total["redeemed"]
    rest = groups.setdefault("not_redeemed", Sums())
    rest["assigned"] = total["assigned"] - total["redeemed"]


def _adds(sums: Sums) -> bool:
    return any(sums.counts) or bool(sums.cost or sums.order or sums.committed)


def _tiers(listed: Listed) -> dict[str, str | None]:
    """The names of a promotion's tiers by id, in their order of priority."""
    assert listed.definition is not None
    return {tier.tier_id: tier.name for tier in listed.definition.tiers}


def _order(names: dict[str, str | None]) -> Callable[[Line], tuple[bool, int, str]]:
    """Tiers in their order of priority, everything else by key; what carries none comes last."""
    ranks = {tier_id: rank for rank, tier_id in enumerate(names)}
    return lambda line: (line.key is None, ranks.get(line.key or "", len(ranks)), line.key or "")
