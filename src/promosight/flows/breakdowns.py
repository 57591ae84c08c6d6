"""Breakdowns: one promotion's figures by one dimension. Rows sum to the total, the total is the list's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from operator import add, sub
from typing import NamedTuple

import msgspec

from promosight.errors import Invalid
from promosight.flows.figures import (
    Coverage,
    Sums,
    money,
    order_currency,
    state_of,
    sum_cells,
    units,
)
from promosight.flows.manage_promotions import defined
from promosight.flows.outstanding import Outstanding
from promosight.rules import rates
from promosight.rules.instants import month_of, week_of
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


class CodePage(NamedTuple):
    """Which rows of a breakdown by code are wanted: at most `limit` of them, after a code."""

    after: str = ""
    limit: int | None = None


EVERY_CODE = CodePage()


def breakdown(
    tx: Tx,
    workspace_no: int,
    promotion_id: str,
    by: str,
    *,
    date: str = "assigned",
    page: CodePage = EVERY_CODE,
) -> Breakdown:
    """A promotion's figures by `by`. Raises NotFound, Invalid. Rows that add nothing are left out, but for tiers.

    By code there are as many rows as customers, so these come in pages; the total is always the whole.
    """
    if by not in DIMENSIONS:
        raise Invalid("must be one of " + ", ".join(DIMENSIONS), pointer="/by")
    if date not in ("assigned", "redeemed"):
        raise Invalid("must be assigned or redeemed", pointer="/date")
    defined(tx, workspace_no, promotion_id)
    catalogue = load(tx, workspace_no)
    listed = catalogue.by_id[promotion_id]
    counters = Outstanding(tx, workspace_no)
    total = _by_key(_cells(counters, listed, TOTAL)).get("", Sums())
    state = state_of(listed, total, Coverage(tx, catalogue))
    next_code = None
    if by == "code":
        groups, next_code = _codes(tx, catalogue, listed, page, total)
    else:
        groups = _groups(counters, catalogue, listed, by, date)
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
    return Breakdown(promotion_id, by, date, state, whole, rows, next_code)


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


def _groups(
    counters: Outstanding, catalogue: Catalogue, listed: Listed, by: str, date: str
) -> dict[str, Sums]:
    if by in _PLAIN:
        return _by_key(_cells(counters, listed, _PLAIN[by]))
    dimension = ASSIGNED_DAY if date == "assigned" else REDEEMED_DAY
    cells = _cells(counters, listed, dimension)
    return _by_key([(_period(catalogue, by, key), *rest) for key, *rest in cells])


def _period(catalogue: Catalogue, by: str, day: str) -> str:
    if not day or by == "day":
        return day
    return month_of(day) if by == "month" else week_of(day, catalogue.workspace.week_start)


def _cells(counters: Outstanding, listed: Listed, dimension: int) -> list[Row]:
    cells = counters.cells(listed.promotion_no, dimension)
    return [(*key, *values) for key, values in cells.items()]


def _by_key(cells: list[Row]) -> dict[str, Sums]:
    grouped: dict[str, list[Row]] = {}
    for key, *values in cells:
        grouped.setdefault(key, []).append(tuple(values))
    return {key: sum_cells(values) for key, values in grouped.items()}


_HIGHEST = "\U0010ffff"
"""Sorts after every code."""


def _codes(
    tx: Tx, catalogue: Catalogue, listed: Listed, page: CodePage, total: Sums
) -> tuple[dict[str, Sums], str | None]:
    """A page of what was counted by code, and the code after which the next one begins.

    Codes are as many as customers, so they have no counters: these are added up from the facts. Where one page has
    all codes, what carries none is the rest of `total`, and no fact without a code is looked at.
    """
    facts = {
        "promotion_no": listed.promotion_no,
        "tracking_from_us": catalogue.workspace.tracking_from_us,
        "published_import_no": catalogue.workspace.published_import_no,
        "after": page.after,
    }
    last, next_code = _HIGHEST, None
    codes: list[Row] = []
    if page.limit is not None:
        codes = tx.all("codes_after", limit=page.limit + 1, **facts)
        if len(codes) > page.limit:
            last = next_code = codes[page.limit - 1][0]
    is_whole = not page.after and next_code is None
    without = int(next_code is None and not is_whole)
    rows = tx.all("codes_breakdown", last=last, without=without, **facts)
    groups = _code_sums(rows, catalogue.workspace.currency)
    if is_whole and _adds(rest := _without_code(total, groups.values())):
        groups[""] = rest
    # Those that carry no code come last of all: on a page of their own where the others fill the last one.
    if codes and len(groups) > len(codes) == page.limit:
        del groups[""]
        next_code = codes[-1][0]
    return groups, next_code


def _code_sums(rows: list[Row], currency_of_orders: str) -> dict[str, Sums]:
    groups: dict[str, Sums] = {}
    for code, currency, paid_in, assigned, redeemed, *counts, committed, cost, order in rows:
        sums = groups.get(code or "")
        if sums is None:
            sums = groups[code or ""] = Sums()
        # Distinct customers and accepted events are not shown by code.
        more = [assigned, redeemed, 0, 0, *counts, 0]
        sums.counts = list(map(add, sums.counts, more))
        for amounts, amount, unit in (
            (sums.committed, committed, currency),
            (sums.cost, cost, currency),
            (sums.order, order, paid_in or currency_of_orders),
        ):
            if amount:
                amounts[unit] = amounts.get(unit, 0) + amount
    return groups


def _without_code(total: Sums, coded: Collection[Sums]) -> Sums:
    """What is left of the total, of what is shown by code."""
    rest = Sums()
    rest.counts = [*total.counts[:2], 0, 0, *total.counts[4:-1], 0]
    for sums in coded:
        rest.counts = list(map(sub, rest.counts, sums.counts))
    rest.committed = _left(total.committed, [sums.committed for sums in coded])
    rest.cost = _left(total.cost, [sums.cost for sums in coded])
    rest.order = _left(total.order, [sums.order for sums in coded])
    return rest


def _left(total: dict[str, int], parts: list[dict[str, int]]) -> dict[str, int]:
    left = Counter(total)
    for part in parts:
        left.subtract(part)
    return {unit: amount for unit, amount in left.items() if amount}


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
