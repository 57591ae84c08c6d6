"""What may be reported, checked as far as one event alone can be: a mistake is raised where it was made.

The server has the last word. What it refuses later is kept with its reason (`Promosight.refused`); what can be seen
here is refused before it is kept, and names its field. All values become what JSON can say, money as text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypedDict

from promosight.client.errors import Invalid

Money = str | int | Decimal
Instant = str | datetime
_LONGEST = 255
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CURRENCY = re.compile(r"[A-Z]{3}")
_MOST_MONEY = 10**10
_MOST_NOTED = 65_536
_is_form = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.][0-9]+)?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
).fullmatch


class Details(TypedDict, total=False):
    """What may be said of a redemption or a reversal beside what must be."""

    event_id: str
    redeemed_at: Instant
    assignment_id: str
    campaign_id: str
    tier_id: str
    channel: str
    reward_value: Money
    currency: str
    order_id: str
    order_value: Money
    metadata: Mapping[str, Any]


class AssignmentDetails(TypedDict, total=False):
    """What may be said of an assignment beside what must be."""

    assignment_id: str
    assigned_at: Instant
    campaign_id: str
    occurrence: str
    tier_id: str
    segment: str
    channel: str
    promo_code: str
    reward_value: Money
    currency: str
    expires_at: Instant
    max_redemptions: int
    control: bool
    decision_id: str
    attributes: Mapping[str, Any]


def instant_of(seconds: float) -> str:
    """RFC 3339 of seconds since the epoch."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def redemption(fields: Mapping[str, object]) -> dict[str, Any]:
    """A redemption as it is sent. Raises Invalid."""
    fact = _checked(fields)
    if "promotion_id" not in fact and "promo_code" not in fact:
        raise Invalid("promotion_id", "give promotion_id or promo_code")
    _need(fact, "customer_id")
    return fact


def reversal(fields: Mapping[str, object]) -> dict[str, Any]:
    """A reversal as it is sent. Raises Invalid."""
    fact = {"type": "reversal"} | _checked(fields)
    _need(fact, "reverses")
    return fact


def assignment(fields: Mapping[str, object]) -> dict[str, Any]:
    """An assignment as it is sent. Raises Invalid."""
    fact = _checked(fields)
    _need(fact, "promotion_id")
    _need(fact, "customer_id")
    return fact


def told(fields: Mapping[str, object]) -> dict[str, Any]:
    """What an event tells of what is compared when a day is reconciled; other fields are left out. Raises Invalid."""
    said = {name: fields[name] for name in COMPARED if fields.get(name) not in (None, "")}
    event = {name: _CHECKS[name](value, name) for name, value in said.items()}
    _need(event, "event_id")
    return event


def _checked(fields: Mapping[str, object]) -> dict[str, Any]:
    """The fields that say something, each as JSON has it."""
    strange = sorted(fields.keys() - _CHECKS.keys())
    if strange:
        raise Invalid(strange[0], "is no field of this event")
    said = {name: value for name, value in fields.items() if value is not None}
    return {name: _CHECKS[name](value, name) for name, value in said.items()}


def _need(fact: dict[str, Any], field: str) -> None:
    if field not in fact:
        raise Invalid(field, "is missing")


def _identifier(value: object, field: str) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > _LONGEST or _UNPRINTABLE.search(text):
        raise Invalid(field, "must be 1 to 255 characters without control characters")
    return text


def instant(value: object, field: str) -> str:
    """An instant as it is sent. Raises Invalid."""
    try:
        moment = value if isinstance(value, datetime) else _read(str(value))
    except ValueError:
        raise Invalid(field, "must be an RFC 3339 instant such as 2026-11-23T10:15:00Z") from None
    if moment.utcoffset() is None:
        raise Invalid(field, "has no offset: say which time zone it is in")
    return moment.isoformat()


def _read(text: str) -> datetime:
    """The moment of a text in a form that servers take, too: Python reads weeks and more."""
    if not _is_form(text):
        raise ValueError(text)
    return datetime.fromisoformat(text)


def _money(value: object, field: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise Invalid(field, 'must be text or a Decimal, such as "5.00"; a float is not exact')
    try:
        if isinstance(value, str) and (not value.isascii() or "_" in value):
            raise InvalidOperation
        amount = Decimal(value)
    except InvalidOperation:
        raise Invalid(field, "must be a decimal number such as 5.00") from None
    if not amount.is_finite() or not 0 <= amount < _MOST_MONEY:
        raise Invalid(field, f"must be from 0 to less than {_MOST_MONEY}")
    whole, point, decimals = f"{amount:f}".partition(".")
    if decimals[6:].rstrip("0"):
        raise Invalid(field, "has more than six decimals")
    return whole + point + decimals[:6]


def _currency(value: object, field: str) -> str:
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
        raise Invalid(field, "must be an ISO 4217 code such as EUR")
    return value


def _times(value: object, field: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < 2**31:
        raise Invalid(field, "must be a whole number of at least 1")
    return value


def _yes_or_no(value: object, field: str) -> bool:
    if not isinstance(value, bool):
        raise Invalid(field, "must be True or False")
    return value


def _plain(value: object, field: str) -> Any:
    """A mapping as JSON has it; NaN is no JSON."""
    if not isinstance(value, Mapping):
        raise Invalid(field, "must be a mapping")
    try:
        written = json.dumps(dict(value), allow_nan=False)
        plain = json.loads(written)
    except (TypeError, ValueError, RecursionError) as error:
        raise Invalid(field, f"is not JSON: {error}") from None
    if len(written) > _MOST_NOTED and len(_as_kept(plain)) > _MOST_NOTED:
        raise Invalid(field, f"has more than {_MOST_NOTED} characters as JSON")
    return plain


def _as_kept(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_IDENTIFIERS = (
    *("event_id", "reverses", "promotion_id", "promo_code", "customer_id", "assignment_id"),
    *("campaign_id", "tier_id", "channel", "order_id", "occurrence", "segment", "decision_id"),
)
COMPARED = (
    *("event_id", "reverses", "promotion_id", "promo_code", "redeemed_at"),
    *("reward_value", "order_value", "currency"),
)
"""An event's id, and what may be compared beside it, in the order of the server's lines."""

_CHECKS: dict[str, Callable[[object, str], Any]] = {
    **dict.fromkeys(_IDENTIFIERS, _identifier),
    **dict.fromkeys(("redeemed_at", "assigned_at", "expires_at"), instant),
    **dict.fromkeys(("reward_value", "order_value"), _money),
    **dict.fromkeys(("metadata", "attributes"), _plain),
    "currency": _currency,
    "max_redemptions": _times,
    "control": _yes_or_no,
}
