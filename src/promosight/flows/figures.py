"""Figures: what the Promotions page shows of each promotion, read from the counters alone."""

from __future__ import annotations

from typing import Any

import msgspec

from promosight.flows.usage import Usage, usage_of
from promosight.rules import rates
from promosight.rules.instants import format_instant, parse_instant
from promosight.rules.money import UNIT_MARK, format_amount
from promosight.rules.tallies import MEASURES
from promosight.store.catalogue import Catalogue, Listed, load
from promosight.store.tx import Row, Tx


class Sums(msgspec.Struct):
    """Counters added up: counts over all currencies, amounts for each. Only amounts that are not zero are there."""

    counts: dict[str, int]
    committed: dict[str, int]
    cost: dict[str, int]
    order: dict[str, int]

    def __getitem__(self, measure: str) -> int:
        return self.counts[measure]


class Customers(msgspec.Struct):
    """Distinct customers."""

    assigned: int
    redeemed: int
    rate: float | None


class Figures(msgspec.Struct):
    """The figures of one promotion; names as in the HTTP contract."""

    state: str
    assigned: int
    redeemed: int
    rate: float | None
    display: str
    customers: Customers
    redemptions: int
    excess: int
    unassigned: int
    flagged: int
    pending: int
    reversed: int
    reward_cost: dict[str, str]
    reward_units: dict[str, str]
    order_value: dict[str, str]
    usage: list[Usage]
    last_event_at: str | None
    tracked_since: str


def list_promotions(
    tx: Tx, workspace_no: int, *, now_us: int, ids: set[str] | None = None
) -> list[dict[str, Any]]:
    """Every defined promotion (or those of `ids`) by id, each with its definition and `figures`."""
    catalogue = load(tx, workspace_no)
    totals = _totals(tx, workspace_no)
    last: dict[int, int] = dict(tx.all("last_events", workspace_no=workspace_no))
    items = []
    for promotion_id in sorted(catalogue.by_id if ids is None else ids & catalogue.by_id.keys()):
        listed = catalogue.by_id[promotion_id]
        if listed.definition is None:
            continue
        sums = totals.get(listed.promotion_no) or sum_cells([])
        figures = _figures(
            catalogue,
            listed,
            sums,
            last.get(listed.promotion_no),
            covered=is_covered(tx, catalogue, listed),
        )
        figures.usage = usage_of(tx, catalogue, listed, sums, now_us=now_us)
        items.append(describe(listed) | {"figures": msgspec.to_builtins(figures)})
    return items


def describe(listed: Listed) -> dict[str, Any]:
    """A promotion's definition as the contract shows it."""
    return {
        "promotion_id": listed.promotion_id,
        **msgspec.to_builtins(listed.definition),
        "created_at": format_instant(listed.created_us),
        "updated_at": format_instant(listed.updated_us),
    }


def state_of(listed: Listed, sums: Sums, *, covered: bool) -> str:
    """Whether a promotion has a rate, and if not why (semantics, section 2)."""
    return rates.state(
        historical=listed.terms.historical,
        reported=sums["reported"] > 0 or covered,
        assigned=sums["assigned"],
    )


def sum_cells(rows: list[Row]) -> Sums:
    """Adds up rows of (currency, measures...)."""
    sums = Sums(dict.fromkeys(MEASURES[:-3], 0), {}, {}, {})
    for currency, *values in rows:
        for measure, value in zip(MEASURES[:-3], values, strict=False):
            sums.counts[measure] += value
        for amounts, value in zip(
            (sums.committed, sums.cost, sums.order), values[-3:], strict=True
        ):
            if value:
                amounts[currency] = amounts.get(currency, 0) + value
    return sums


def money(amounts: dict[str, int], always: str = "") -> dict[str, str]:
    """Amounts of money by currency, as decimal strings; the currency of `always` is there even at zero."""
    shown = {c: v for c, v in amounts.items() if not c.startswith(UNIT_MARK) and c}
    if always and not always.startswith(UNIT_MARK):
        shown.setdefault(always, 0)
    return {currency: format_amount(shown[currency], currency) for currency in sorted(shown)}


def units(amounts: dict[str, int]) -> dict[str, str]:
    """Amounts of units (points, spins) by their name."""
    return {
        currency.removeprefix(UNIT_MARK): format_amount(amounts[currency], currency)
        for currency in sorted(amounts)
        if currency.startswith(UNIT_MARK)
    }


def order_currency(catalogue: Catalogue, listed: Listed) -> str:
    """The currency in which order value is shown even when there is none."""
    own = listed.terms.currency
    return catalogue.workspace.currency if own.startswith(UNIT_MARK) else own


def is_covered(tx: Tx, catalogue: Catalogue, listed: Listed) -> bool:
    """Whether a source declared a period of this promotion covered: then silence means zero, not a dash."""
    assert listed.definition is not None
    start, end = listed.definition.starts_at, listed.definition.ends_at
    tracked_us = catalogue.workspace.tracking_from_us
    from_us = max(tracked_us, tracked_us if start is None else parse_instant(start))
    return any(
        covered_to_us > from_us and (end is None or covered_from_us < parse_instant(end))
        for covered_from_us, covered_to_us in _coverage(tx, catalogue)
    )


def _coverage(tx: Tx, catalogue: Catalogue) -> list[Row]:
    return tx.all("coverage", workspace_no=catalogue.workspace.workspace_no)


def _totals(tx: Tx, workspace_no: int) -> dict[int, Sums]:
    rows: dict[int, list[Row]] = {}
    for promotion_no, *cells in tx.all("totals", workspace_no=workspace_no):
        rows.setdefault(promotion_no, []).append(tuple(cells))
    return {promotion_no: sum_cells(cells) for promotion_no, cells in rows.items()}


def _figures(
    catalogue: Catalogue, listed: Listed, sums: Sums, last_us: int | None, *, covered: bool
) -> Figures:
    state = state_of(listed, sums, covered=covered)
    tracked = state == "tracked"
    assigned, redeemed = sums["assigned"], sums["redeemed"]
    people = sums["customers_assigned"], sums["customers_redeemed"]
    return Figures(
        state=state,
        assigned=assigned,
        redeemed=redeemed,
        rate=rates.rate(redeemed, assigned) if tracked else None,
        display=rates.display(redeemed, assigned) if tracked else "-",
        customers=Customers(*people, rates.rate(people[1], people[0]) if tracked else None),
        redemptions=sums["redemptions"],
        excess=sums["excess"],
        unassigned=sums["unassigned"],
        flagged=sums["flagged"],
        pending=sums["pending"],
        reversed=sums["reversed"],
        reward_cost=money(sums.cost, listed.terms.currency),
        reward_units=units(sums.cost),
        order_value=money(sums.order, order_currency(catalogue, listed)),
        usage=[],
        last_event_at=None if not last_us else format_instant(last_us),
        tracked_since=format_instant(catalogue.workspace.tracking_from_us),
    )
