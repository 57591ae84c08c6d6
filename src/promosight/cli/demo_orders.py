"""The demo's orders, as its shop reports them: those made with an offer, and those made anyway.

A customer who comes by may buy without any offer, in the control group as elsewhere. Orders of everybody are what lets
the page say how much offers really bring: what those with an offer spend, less what they would have spent.
"""

from __future__ import annotations

import heapq
from datetime import datetime, timedelta
from random import Random
from typing import Any

ANYWAY = {"vip": 0.22, "loyal": 0.17, "active": 0.12, "new": 0.06, "lapsing": 0.03}
"""How often a visit ends in an order without an offer, by segment."""
_USUAL, _SPREAD = 24.0, 20.0
"""Such an order comes to so much at least, and up to so much more."""
_Told = dict[str, Any]


class Orders:
    """Orders by their moment, until they are reported."""

    def __init__(self, currency: str, random: Random) -> None:
        self._currency = currency
        self._random = random
        self._due: list[tuple[datetime, str, _Told]] = []

    def visit(self, decision_id: str, customer_id: str, segment: str, at: datetime) -> None:
        """A customer comes by, and buys something or not, whatever is offered."""
        if self._random.random() < ANYWAY.get(segment, 0.08):
            value = _USUAL + _SPREAD * self._random.random()
            self._add(f"plain-{decision_id}", customer_id, f"{value:.2f}", at)

    def with_offer(self, redemption: _Told, at: datetime) -> None:
        """An order that redeems an offer."""
        value, order_id = redemption["order_value"], redemption["order_id"]
        self._add(order_id, redemption["customer_id"], value, at)

    def until(self, moment: datetime) -> list[_Told]:
        """The orders made up to then, each told once."""
        told = []
        while self._due and self._due[0][0] <= moment:
            told.append(heapq.heappop(self._due)[2])
        return told

    def _add(self, order_id: str, customer_id: str, value: str, at: datetime) -> None:
        at += timedelta(minutes=20)
        outcome = {
            "outcome_id": f"shop-{order_id}",
            "customer_id": customer_id,
            "occurred_at": at.isoformat(),
            "measure": "order_value",
            "value": value,
            "currency": self._currency,
            "order_id": order_id,
        }
        heapq.heappush(self._due, (at, outcome["outcome_id"], outcome))
