"""The restatement log of a promotion, the newest entry first, as people read it."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from promosight.flows.figures.of_promotions import money, units
from promosight.flows.promotions.manage_promotions import defined
from promosight.rules.instants import format_instant
from promosight.rules.restatements import COUNTS, LineKey, reason
from promosight.store.catalogue import Catalogue, load
from promosight.store.tx import Row, Tx

_lines = msgspec.json.Decoder(list[tuple[LineKey, list[int]]])


class Moved(msgspec.Struct, kw_only=True):
    """By how much figures moved; what did not move is 0 or left out."""

    assigned: int
    redeemed: int
    redemptions: int
    excess: int
    unassigned: int
    flagged: int
    pending: int
    reversed: int
    reward_cost: dict[str, str]
    reward_units: dict[str, str]
    order_value: dict[str, str]


class MovedDay(Moved, kw_only=True):
    """The same of one day and tier. `ended`: the day had ended, so that its figures had been told."""

    day: str
    ended: bool
    tier_id: str | None


class Restatement(msgspec.Struct):
    """One entry: when, what kind, the fact that caused it, why in words, and what moved, in all and by day.

    `reverses` names the redemption of a reversal; `facts` says how many facts it was.
    """

    restated_at: str
    kind: str
    reason: str
    source: str | None
    event_id: str | None
    reverses: str | None
    facts: int
    total: Moved
    days: list[MovedDay]


class Restatements(msgspec.Struct):
    """A page of them, the newest first."""

    promotion_id: str
    items: list[Restatement]
    next: str | None


class Before(NamedTuple):
    """Where a page begins: before this entry."""

    restated_us: int = 2**63 - 1
    kind: str = "\U0010ffff"
    source_no: int = 0
    event_id: str = ""


def restatements(
    tx: Tx, workspace_no: int, promotion_id: str, *, before: Before, limit: int
) -> tuple[list[Restatement], Before | None]:
    """A page of a promotion's log, and where the next one begins. Raises NotFound."""
    defined(tx, workspace_no, promotion_id)
    catalogue = load(tx, workspace_no)
    promotion_no = catalogue.by_id[promotion_id].promotion_no
    rows = tx.all(
        "restatements_before", promotion_no=promotion_no, limit=limit + 1, **before._asdict()
    )
    following = Before(*rows[limit - 1][:4]) if len(rows) > limit else None
    return [_shown(catalogue, row) for row in rows[:limit]], following


def _shown(catalogue: Catalogue, row: Row) -> Restatement:
    restated_us, kind, source_no, event_id, facts, about, written = row
    today = catalogue.days.day(restated_us)
    parts: dict[tuple[str, str | None], Differences] = {}
    whole = Differences()
    for (day, tier, currency), values in _lines.decode(written):
        for sums in (whole, parts.setdefault((day, tier), Differences())):
            sums.add(currency, values)
    return Restatement(
        restated_at=format_instant(restated_us),
        kind=kind,
        reason=reason(kind, event_id, about, facts),
        source=catalogue.sources.get(source_no),
        event_id=event_id or None,
        reverses=about,
        facts=facts,
        total=Moved(**whole.shown()),
        days=[
            MovedDay(day=day, ended=day < today, tier_id=tier, **sums.shown())
            for (day, tier), sums in sorted(
                parts.items(), key=lambda one: (one[0][0], one[0][1] or "")
            )
        ],
    )


class Differences:
    """Differences added up over currencies."""

    def __init__(self) -> None:
        self._counts = [0] * len(COUNTS)
        self._cost: dict[str, int] = {}
        self._order: dict[str, int] = {}

    def add(self, currency: str, values: list[int]) -> None:
        """Adds counts, cost and order value."""
        *counts, cost, order = values
        self._counts = [a + b for a, b in zip(self._counts, counts, strict=True)]
        for amounts, amount in ((self._cost, cost), (self._order, order)):
            if amount:
                amounts[currency] = amounts.get(currency, 0) + amount

    @property
    def any(self) -> bool:
        """Whether anything moved."""
        return any(self._counts) or any(self._cost.values()) or any(self._order.values())

    def shown(self) -> dict[str, Any]:
        """The fields of `Moved`."""
        counts: dict[str, Any] = dict(zip(COUNTS, self._counts, strict=True))
        cost = {currency: amount for currency, amount in self._cost.items() if amount}
        order = {currency: amount for currency, amount in self._order.items() if amount}
        return counts | {
            "reward_cost": money(cost),
            "reward_units": units(cost),
            "order_value": money(order),
        }
