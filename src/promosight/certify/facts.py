"""Facts as the certifier makes them, and the words in which it reports them.

Instants are microseconds since 1970 and amounts are decimals. One fact is told in many ways (another offset, another
form, alone or among others) and must stay one fact.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

SECOND = 1_000_000
DAY = 86_400 * SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OFFSETS = (timezone(timedelta(hours=2)), timezone(timedelta(hours=-5, minutes=-30)))
STYLES = ("zulu", "east", "west", "plain")
"""How instants are written: RFC 3339 with three offsets, and the other form that the contract takes."""


@dataclass(frozen=True)
class Terms:
    """A promotion as the count needs it. `currency` is None where rewards are units or a percentage."""

    promotion_id: str
    definition: dict[str, Any]
    value: Decimal | None = None
    tiers: dict[str, Decimal] | None = None
    currency: str | None = None
    unit: str | None = None
    max_redemptions: int = 1

    def worth(self, tier_id: str | None) -> Decimal | None:
        """What a reward of a tier is worth; None where only its use will tell."""
        return (self.tiers or {}).get(tier_id or "", self.value)


@dataclass(frozen=True)
class Assignment:
    """One reward given to one customer."""

    assignment_id: str
    promotion_id: str
    customer_id: str
    assigned_us: int
    expires_us: int | None = None
    tier_id: str | None = None
    segment: str | None = None
    channels: tuple[str, ...] = ()
    campaign_id: str | None = None
    promo_code: str | None = None
    reward_value: Decimal | None = None
    max_redemptions: int | None = None
    control: bool = False

    @property
    def name(self) -> str:
        """The id under which it is acknowledged."""
        return self.assignment_id

    def told(self, style: str) -> dict[str, Any]:
        """The JSON object that reports it."""
        return _without_nothing(
            {
                "assignment_id": self.assignment_id,
                "promotion_id": self.promotion_id,
                "customer_id": self.customer_id,
                "assigned_at": instant(self.assigned_us, style),
                "expires_at": None if self.expires_us is None else instant(self.expires_us, style),
                "tier_id": self.tier_id,
                "segment": self.segment,
                "channels": list(self.channels) or None,
                "campaign_id": self.campaign_id,
                "promo_code": self.promo_code,
                "reward_value": _amount(self.reward_value),
                "max_redemptions": self.max_redemptions,
                "control": self.control or None,
            }
        )


@dataclass(frozen=True)
class Event:
    """A redemption, or the reversal of one when `reverses` names it.

    `home` is the promotion it belongs to, which it may name by a code alone. `cloud`: it comes as a CloudEvent only,
    whose identity is made of a source and an id.
    """

    event_id: str
    home: str
    customer_id: str
    redeemed_us: int
    promotion_id: str | None = None
    promo_code: str | None = None
    assignment_id: str | None = None
    campaign_id: str | None = None
    reward_value: Decimal | None = None
    order_value: Decimal | None = None
    reverses: str | None = None
    cloud: bool = False

    @property
    def name(self) -> str:
        """The id under which it is acknowledged."""
        return self.event_id

    def told(self, style: str) -> dict[str, Any]:
        """The JSON object that reports it."""
        return _without_nothing(
            {
                "event_id": self.event_id,
                "type": None if self.reverses is None else "reversal",
                "reverses": self.reverses,
                "promotion_id": self.promotion_id,
                "promo_code": self.promo_code,
                "customer_id": self.customer_id,
                "redeemed_at": instant(self.redeemed_us, style),
                "assignment_id": self.assignment_id,
                "campaign_id": self.campaign_id,
                "reward_value": _amount(self.reward_value),
                "order_value": _amount(self.order_value),
            }
        )


Fact = Assignment | Event


def instant(us: int, style: str = "zulu") -> str:
    """An instant in words."""
    at = _EPOCH + timedelta(microseconds=us)
    if style == "plain":
        return f"{at:%Y-%m-%d %H:%M:%S.%f} UTC"
    if style == "zulu":
        return at.isoformat().replace("+00:00", "Z")
    return at.astimezone(_OFFSETS[style == "west"]).isoformat()


def microseconds(text: str) -> int:
    """An RFC 3339 instant as a number. Raises ValueError."""
    since = datetime.fromisoformat(text) - _EPOCH
    return since // timedelta(microseconds=1)


def moment(us: int) -> datetime:
    """An instant as a datetime in UTC."""
    return _EPOCH + timedelta(microseconds=us)


def _amount(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _without_nothing(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value is not None}
