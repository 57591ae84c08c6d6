"""The rows of the floor: the same fields as the work, decoded, instants and amounts as whole numbers.

Without assignment ids the identity of an assignment is its campaign and instant; as a bare table has to know it
by one column all the same, they are joined into one.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

Row = tuple[Any, ...]

COLUMNS: dict[str, list[tuple[str, bool]]] = {
    "assignments": [
        ("assignment_id", False),
        ("promotion_id", False),
        ("customer_id", False),
        ("assigned_us", True),
        ("campaign_id", False),
        ("tier_id", False),
        ("segment", False),
        ("channel", False),
        ("reward_micros", True),
        ("currency", False),
        ("expires_us", True),
        ("received_us", True),
    ],
    "redemptions": [
        ("event_id", False),
        ("promotion_id", False),
        ("customer_id", False),
        ("redeemed_us", True),
        ("channel", False),
        ("reward_micros", True),
        ("currency", False),
        ("order_id", False),
        ("order_micros", True),
        ("received_us", True),
    ],
}
"""Columns of each kind, its identity first; True: a whole number."""

_RECEIVED_US = 1_750_000_000_000_000


class _Assignment(msgspec.Struct):
    promotion_id: str
    customer_id: str
    assigned_at: datetime
    campaign_id: str
    segment: str
    channel: str
    assignment_id: str | None = None
    tier_id: str | None = None
    reward_value: Decimal | None = None
    currency: str | None = None
    expires_at: datetime | None = None


class _Redemption(msgspec.Struct):
    event_id: str
    promotion_id: str
    customer_id: str
    redeemed_at: datetime
    channel: str
    reward_value: Decimal
    currency: str
    order_id: str
    order_value: Decimal


_assignment = msgspec.json.Decoder(_Assignment).decode
_redemption = msgspec.json.Decoder(_Redemption).decode


def decoded(kind: str, lines: list[bytes]) -> list[Row]:
    """The rows of NDJSON lines of a kind."""
    if kind == "assignments":
        return [_assignment_row(_assignment(line)) for line in lines]
    return [_redemption_row(_redemption(line)) for line in lines]


def _assignment_row(one: _Assignment) -> Row:
    joined = f"{one.promotion_id}/{one.customer_id}/{one.campaign_id}/{_us(one.assigned_at)}"
    return (
        one.assignment_id or joined,
        one.promotion_id,
        one.customer_id,
        _us(one.assigned_at),
        one.campaign_id,
        one.tier_id,
        one.segment,
        one.channel,
        _micros(one.reward_value),
        one.currency,
        _us(one.expires_at),
        _RECEIVED_US,
    )


def _redemption_row(one: _Redemption) -> Row:
    return (
        one.event_id,
        one.promotion_id,
        one.customer_id,
        _us(one.redeemed_at),
        one.channel,
        _micros(one.reward_value),
        one.currency,
        one.order_id,
        _micros(one.order_value),
        _RECEIVED_US,
    )


def _us(instant: datetime | None) -> int | None:
    return None if instant is None else round(instant.timestamp()) * 1_000_000


def _micros(amount: Decimal | None) -> int | None:
    return None if amount is None else int(amount * 1_000_000)
