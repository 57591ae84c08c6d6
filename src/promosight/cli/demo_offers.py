"""The demo's four offers for decisions, and how they are taken: whom one suits follows from the customer's segment.

No single one is best for everybody, so choosing for each customer is worth something, and the Decisioning page can
show how much. The numbers are the truth of a made-up brand; the server is told none of them and learns them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

SETTINGS = {
    "objective": "net_value",
    "margin": 0.48,
    "exploration": "igw",
    "gamma": 1.0,
    "floor": 0.35,
    "control_share": 0.08,
    "assignment_days": 5,
    "frequency_cap": {"assignments": 6, "days": 7},
}
"""More is tried than a brand would after months: the demo has six weeks, and wants to be sure of its figures."""


class Tried(NamedTuple):
    """An offer, what a redemption brings and costs in whole currency units, and who redeems it how often."""

    promotion_id: str
    name: str
    brings: int
    costs: int
    budget: int | None
    taken: dict[str, float]

    def rate(self, segment: str) -> float:
        """How often a customer of this segment redeems it."""
        return self.taken.get(segment, 0.05)


OFFERS = (
    Tried("THANKYOU5", "Thank-you voucher", 17, 5, 20_000, {"active": 0.38, "loyal": 0.14}),
    Tried("TASTER-BOX", "Taster box", 18, 6, None, {"new": 0.42, "active": 0.1}),
    Tried("WINBACK12", "12 euro welcome back", 28, 12, None, {"lapsing": 0.34, "new": 0.06}),
    Tried("MEMBERS15", "Members' evening", 34, 15, 60_000, {"loyal": 0.36, "vip": 0.48}),
)
BY_ID = {one.promotion_id: one for one in OFFERS}


def definition(offer: Tried, starts_at: datetime, currency: str) -> dict[str, Any]:
    """The promotion as `PUT /v1/promotions/{promotion_id}` takes it."""
    lifetime = {"measure": "reward", "window": "lifetime", "amount": str(offer.budget)}
    return {
        "name": offer.name,
        "kind": "personalized",
        "status": "active",
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(days=75)).isoformat(),
        "reward": {"type": "amount", "currency": currency, "value": f"{offer.costs}.00"},
        "limits": [] if offer.budget is None else [lifetime],
        "properties": {"decisioning": {"value": f"{offer.brings}.00"}},
    }
