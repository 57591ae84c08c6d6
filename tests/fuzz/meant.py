"""What callers mean: valid bodies for every route, made from the structs that the routes take.

Fields are filled by their type and, where it is text, by what their name says: so an input begins as something that
gets past the decoder and reaches the rules, the store and the figures.
"""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from promosight.flows.figures.breakdowns import DIMENSIONS
from promosight.flows.imports.run_import import KINDS
from promosight.rules.cadences import CADENCES
from promosight.rules.decisioning import EXPLORATIONS, MODES, OBJECTIVES, RESERVES

_INSTANTS = tuple(
    f"2026-{month}T{at}"
    for month in ("10-05", "10-28", "11-20")
    for at in ("10:00:00Z", "23:30:00.5+02:00")
)
_IDS = {
    "promotion_id": ("p", "q", "g", "nobody"),
    "customer_id": ("ann", "bob", "cy", "zoe"),
    "assignment_id": ("a", "a1", "a2"),
    "event_id": ("e", "e1", "e2", "é/1"),
    "decision_id": ("d", "d1", "d2"),
    "outcome_id": ("o", "o1"),
    "tier_id": ("gold", "silver"),
    "reservation_id": ("r",),
    "import_id": ("imp-x",),
    "key_id": ("k",),
    "reconciliation_id": ("rec-x",),
    "day": ("2026-10-06", "2026-10-25", "2026-11-20"),
    "campaign_id": ("spring",),
    "name": ("default", "till", "x"),
    "version": ("1", "2", "live"),
    "email": ("viewer@shop.example", "new@shop.example"),
    "reverses": ("e", "e1"),
    "promo_code": ("SPRING20", "ANN-1"),
    "code": ("SPRING20", "SUMMER"),
}
WORDS: dict[str, tuple[str, ...]] = _IDS | {
    "kind": ("global", "tiered", "personalized", *KINDS, "assignment,redemption"),
    "status": (
        "draft",
        "active",
        "inactive",
        "archived",
        "assigned",
        "redeemed",
        "open",
        "expired",
    ),
    "type": (
        *("amount", "unit", "percentage", "redemption", "reversal", "track"),
        *("promotion.redeemed", "promotion.redemption_reversed", "discount_code"),
        *("checkout.session.completed", "charge.refunded", "charge.dispute.closed"),
    ),
    "financial_status": ("paid", "partially_refunded", "refunded", "pending"),
    "payment_status": ("paid", "no_payment_required", "unpaid"),
    "event": ("Coupon Applied", "Coupon Removed", "Order Completed"),
    "specversion": ("1.0",),
    "datacontenttype": ("application/json", "text/xml"),
    "data_base64": ("e30=", "W10=", "eyJwcm9tb3Rpb25faWQiOiJwIn0="),
    "measure": ("reward", "assignments", "redemptions", "order_value", "margin"),
    "window": ("daily", "weekly", "monthly", "lifetime"),
    "currency": ("EUR", "USD", "JPY"),
    "unit": ("points",),
    "mode": MODES,
    "objective": OBJECTIVES,
    "exploration": EXPLORATIONS,
    "reserve": RESERVES,
    "control_gets": ("nothing", "random"),
    "cadence": CADENCES,
    "role": ("viewer", "marketer", "developer", "admin"),
    "scopes": ("reports:read", "redemptions:write", "decisions:write"),
    "ip_ranges": ("127.0.0.0/8", "::/0", "198.51.100.0/33"),
    "password": ("correct horse battery",),
    "current": ("correct horse battery",),
    "new": ("another horse battery",),
    "time_zone": ("Europe/Berlin", "UTC", "America/New_York", "Nowhere/At_all"),
    "week_start": ("monday", "sunday"),
    "by": (*DIMENSIONS, "hour"),
    "date": ("assigned", "redeemed"),
    "format": ("csv", "ndjson", "json"),
    "sort": ("rate", "-rate", "-reward_cost", "usage", "name", "promotion_id"),
    "order": ("asc", "desc", "newest", "oldest"),
    "outcomes": ("all", "none"),
    "outcome": ("pending", "rejected", "flagged", "counted"),
    "reason": ("invalid", "unknown_promotion", "backdated"),
    "source": ("default", "till", "nobody"),
    "dry_run": ("true", "false"),
    "trend": ("true", "30"),
    "limit": ("1", "10", "1000"),
    "offset": ("0", "5"),
    "threshold": ("50", "100"),
    "horizon_days": ("7", "30"),
    "promotions": ("p,q", "p"),
    "segments": ("loyal", "vip"),
    "segment": ("loyal", "vip"),
    "opt_outs": ("all", "email"),
    "channel": ("email", "web"),
    "channels": ("email", "web"),
    "key": ("gold", "email", "2026-11-20"),
    "actor": ("key", "viewer@shop.example"),
    "target": ("p", "default"),
    "q": ("p", "spring"),
    "cursor": ("", "WzFd", "eyJhIjoxfQ=="),
}
for _name in (
    *("from", "to", "since", "until", "as_of", "tracking_from", "starts_at", "ends_at"),
    *("time", "timestamp", "originalTimestamp"),
):
    WORDS[_name] = _INSTANTS
_AMOUNTS = ("value", "amount", "cost", "contact_cost", "reward")


def word(name: str, drawn: random.Random) -> str:
    """Text that a field or parameter of this name may hold."""
    if name in WORDS:
        return drawn.choice(WORDS[name])
    if name.endswith("_at"):
        return drawn.choice(_INSTANTS)
    if name.endswith("_value") or name in _AMOUNTS:
        return drawn.choice(("5.00", "0", "64.90", "12.345678"))
    return drawn.choice(("x", "Spring 20%", "é"))


@cache
def shape_of(takes: Any) -> inspect.Type:
    """What msgspec knows of a type."""
    return inspect.type_info(takes)


def meant(takes: Any, drawn: random.Random) -> Any:
    """A valid value of a type, as far as its types and names tell."""
    return _filled(shape_of(takes), "", drawn)


def fields_of(takes: Any) -> tuple[str, ...]:
    """The fields that a type has at its top."""
    shape = shape_of(takes)
    return (
        tuple(f.encode_name for f in shape.fields) if isinstance(shape, inspect.StructType) else ()
    )


def _filled(shape: inspect.Type, name: str, drawn: random.Random) -> Any:  # noqa: C901 - a table of types
    if isinstance(shape, inspect.Metadata):
        return _filled(shape.type, name, drawn)
    if isinstance(shape, inspect.UnionType):
        return _filled(drawn.choice(shape.types), name, drawn)
    if isinstance(shape, inspect.StructType):
        return _object(shape, drawn)
    if isinstance(shape, inspect.DictType):
        return drawn.choice(
            ({}, {"till": "7"}, {"age": 40, "loyal": True}, {"decisioning": {"eligible": True}})
        )
    if isinstance(shape, inspect.ListType):
        return [_filled(shape.item_type, name, drawn) for _ in range(drawn.choice((0, 1, 2)))]
    if isinstance(shape, inspect.VarTupleType):
        return [_filled(shape.item_type, name, drawn)]
    if isinstance(shape, inspect.BoolType):
        return drawn.random() < 0.5
    if isinstance(shape, inspect.IntType):
        return drawn.choice((1, 2, 30, 3_600))
    if isinstance(shape, inspect.FloatType):
        return drawn.choice((0.1, 0.5, 1.0, 10))
    if isinstance(shape, inspect.NoneType):
        return None
    return word(name, drawn)


def _object(shape: inspect.StructType, drawn: random.Random) -> dict[str, Any]:
    return {
        field.encode_name: _filled(field.type, field.encode_name, drawn)
        for field in shape.fields
        if field.required or drawn.random() < 0.7
    }


def is_struct(takes: Any) -> bool:
    """Whether a route takes a struct."""
    return isinstance(takes, type) and issubclass(takes, msgspec.Struct)
