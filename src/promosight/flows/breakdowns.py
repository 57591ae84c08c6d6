"""Breakdowns: one promotion's figures by one dimension. Rows sum to the total, the total is the list's."""

from __future__ import annotations

from collections.abc import Callable

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
    MEASURES,
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
    """One row of a breakdown, or its total; names as in the HTTP contract. `key` is None where facts carry none."""

    key: str | None
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


def breakdown(
    tx: Tx, workspace_no: int, promotion_id: str, by: str, *, date: str = "assigned"
) -> Breakdown:
    """A promotion's figures by `by`. Raises NotFound, Invalid. Rows that add nothing are left out."""
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
    if by == "code":
        groups = _by_key(_code_cells(tx, catalogue, listed))
    else:
        groups = _groups(counters, catalogue, listed, by, date)
    if by == "outcome":
        _spread_outcomes(groups, total)
    # Rows by outcome, or by day of redemption, have no denominator of their own.
    rated = state == "tracked" and by != "outcome" and not (by in _TIMES and date == "redeemed")
    line = _Lines(catalogue, listed, rated=rated)
    rows = [line(key or None, sums) for key, sums in groups.items() if _adds(sums)]
    rows.sort(key=_order(listed, by))
    whole = _Lines(catalogue, listed, rated=state == "tracked")(None, total)
    return Breakdown(promotion_id, by, date, state, whole, rows)


class _Lines:
    """Makes lines of one promotion; only `rated` ones carry a rate."""

    def __init__(self, catalogue: Catalogue, listed: Listed, *, rated: bool) -> None:
        self.reward = listed.terms.currency
        self.order = order_currency(catalogue, listed)
        self.rated = rated

    def __call__(self, key: str | None, sums: Sums) -> Line:
        assigned, redeemed = sums["assigned"], sums["redeemed"]
        return Line(
            key=key,
            assigned=assigned,
            redeemed=redeemed,
            rate=rates.rate(redeemed, assigned) if self.rated else None,
            interval=rates.wilson(redeemed, assigned) if self.rated else None,
            display=rates.display(redeemed, assigned) if self.rated else "-",
            redemptions=sums["redemptions"],
            excess=sums["excess"],
            unassigned=sums["unassigned"],
            flagged=sums["flagged"],
            pending=sums["pending"],
            reversed=sums["reversed"],
            reward_cost=money(sums.cost, self.reward),
            reward_units=units(sums.cost),
            order_value=money(sums.order, self.order),
            enough=assigned >= rates.ENOUGH,
        )


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


_CODE_MEASURES = (
    "assigned",
    "redeemed",
    "redemptions",
    "excess",
    "unassigned",
    "flagged",
    "pending",
    "reversed",
    "committed_micros",
    "cost_micros",
)


def _code_cells(tx: Tx, catalogue: Catalogue, listed: Listed) -> list[Row]:
    """Codes are as many as customers, so they have no counters: these cells are added up from the facts."""
    workspace = catalogue.workspace
    cells: list[Row] = []
    for code, currency, paid_in, *values, order_micros in tx.all(
        "codes_breakdown",
        promotion_no=listed.promotion_no,
        tracking_from_us=workspace.tracking_from_us,
        published_import_no=workspace.published_import_no,
    ):
        counts = dict(zip(_CODE_MEASURES, values, strict=True))
        cells.append((code or "", currency, *(counts.get(m, 0) for m in MEASURES)))
        order = (*([0] * (len(MEASURES) - 1)), order_micros)
        cells.append((code or "", paid_in or workspace.currency, *order))
    return cells


def _spread_outcomes(groups: dict[str, Sums], total: Sums) -> None:
    """Assignments have an outcome too: redeemed by counted events, or not redeemed."""
    counted = groups.setdefault("counted", Sums())
    counted["assigned"] = counted["redeemed"] = total["redeemed"]
    rest = groups.setdefault("not_redeemed", Sums())
    rest["assigned"] = total["assigned"] - total["redeemed"]


def _adds(sums: Sums) -> bool:
    return any(sums.counts) or bool(sums.cost or sums.order or sums.committed)


def _order(listed: Listed, by: str) -> Callable[[Line], tuple[bool, int, str]]:
    """Tiers in their order of priority, everything else by key; what carries none comes last."""
    assert listed.definition is not None
    ranks = {t.tier_id: i for i, t in enumerate(listed.definition.tiers)} if by == "tier" else {}
    return lambda line: (line.key is None, ranks.get(line.key or "", len(ranks)), line.key or "")
