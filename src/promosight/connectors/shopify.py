"""Shopify's messages: a paid order redeems its discount codes; one cancelled or refunded undoes that, or part of it.

A redemption goes by order and code, a reversal by the refund and the code. Every message about an order holds the
whole order with all its refunds so far, so that each is told alone, whichever came before. docs/decisions/0027.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any

import msgspec

from promosight.connectors.reading import Reading
from promosight.connectors.shop_messages import (
    MAX_CODES,
    Amount,
    Id,
    NoteAttribute,
    PassedOver,
    Settings,
    checked,
    escaped,
    items_of,
    read,
    text_of,
)
from promosight.errors import Unreadable
from promosight.flows.reporting.intake import Item
from promosight.rules.facts import MAX_ID_LENGTH
from promosight.rules.money import minor_digits
from promosight.rules.reported import ReportedEvent

PAID, CREATED = "orders/paid", "orders/create"
UPDATED, CANCELLED = "orders/updated", "orders/cancelled"
REFUNDED = "refunds/create"
CUSTOMER_ID, EMAIL, NOTE = "customer.id", "customer.email", "note_attributes."
"""Where the customer may stand; behind the last comes the name of a note that the shop's own system writes."""

_ONCE_PAID = frozenset(("paid", "partially_refunded", "refunded"))
_CHANNELS = frozenset(("web", "pos"))


class ShopifyCustomer(msgspec.Struct):
    """Who ordered."""

    id: Id = None
    email: str | None = None


class ShopifyCode(msgspec.Struct):
    """A discount code and what it took off, all in all."""

    code: Id = None
    amount: Amount = None


class ShopifyApplication(msgspec.Struct):
    """A discount; those with a code are of type `discount_code`."""

    type: str | None = None
    code: Id = None


class ShopifyAllocation(msgspec.Struct):
    """What a discount, by its place among them, took off a line."""

    amount: Amount = None
    discount_application_index: int | None = None


class ShopifyLine(msgspec.Struct):
    """Something ordered, and how much of it."""

    id: Id = None
    quantity: int = 0
    discount_allocations: list[ShopifyAllocation] = []


class ShopifyReturned(msgspec.Struct):
    """How much of a line was returned."""

    line_item_id: Id = None
    quantity: int = 0


class ShopifyRefund(msgspec.Struct):
    """A refund and what was returned with it."""

    id: Id = None
    created_at: str | None = None
    refund_line_items: list[ShopifyReturned] = []


class ShopifyOrder(msgspec.Struct):
    """What is looked at of an order. All else of it is neither read nor kept."""

    id: Id = None
    test: bool | None = None
    created_at: str | None = None
    processed_at: str | None = None
    cancelled_at: str | None = None
    financial_status: str | None = None
    currency: str | None = None
    total_price: Amount = None
    source_name: Id = None
    customer: ShopifyCustomer | None = None
    discount_codes: list[ShopifyCode] = []
    discount_applications: list[ShopifyApplication] = []
    line_items: list[ShopifyLine] = []
    refunds: list[ShopifyRefund] = []
    note_attributes: list[NoteAttribute] = []


_decoder = msgspec.json.Decoder(ShopifyOrder)


def is_place_of_customer(place: str) -> bool:
    """Whether a customer may be taken from there."""
    return place in (CUSTOMER_ID, EMAIL) or (place.startswith(NOTE) and place != NOTE)


def taken(
    body: bytes, topic: str, settings: Settings, reading: Reading, *, is_test: bool = False
) -> list[Item] | PassedOver:
    """The facts that a message tells, or why there are none. Raises Unreadable."""
    if topic == REFUNDED:
        return PassedOver("told_by_order_update")
    if topic not in (PAID, CREATED, UPDATED, CANCELLED):
        return PassedOver("other_event")
    order: ShopifyOrder = read(_decoder, body)
    if (is_test or order.test) and not settings.tests:
        return PassedOver("test_message")
    codes = _codes(order)
    if not codes:
        return PassedOver("no_code")
    if topic in (PAID, CREATED):
        if order.financial_status not in _ONCE_PAID:
            return PassedOver("not_paid_yet")
        told = [_redemption(order, code, amount, settings) for code, amount in codes.items()]
    elif order.financial_status not in _ONCE_PAID:
        return PassedOver("never_paid" if order.cancelled_at else "not_paid_yet")
    else:
        told = [one for code in codes for one in _reversals(order, code)]
    if not told:
        return PassedOver("nothing_returned")
    return items_of(told, reading, settings.customer_from)


def redemption_id(order_id: Any, code: str) -> str:
    """What the redemption of a code in an order goes by."""
    return _bounded(f"order:{escaped(checked(order_id, '/id'))}|{code}")


def _bounded(event_id: str) -> str:
    if len(event_id) > MAX_ID_LENGTH:
        raise Unreadable(f"/discount_codes has a code of more than {MAX_ID_LENGTH} characters")
    return event_id


def _codes(order: ShopifyOrder) -> dict[str, Amount]:
    """What each code took off, in the order of the message. One that stands there twice counts once."""
    if len(order.discount_codes) > MAX_CODES:
        raise Unreadable(f"/discount_codes has more than {MAX_CODES} codes")
    found: dict[str, Amount] = {}
    for one in order.discount_codes:
        code = text_of(one.code)
        if code is not None:
            found.setdefault(code, one.amount)
    return found


def _redemption(
    order: ShopifyOrder, code: str, amount: Amount, settings: Settings
) -> ReportedEvent:
    channel = text_of(order.source_name)
    return ReportedEvent(
        event_id=redemption_id(order.id, code),
        promo_code=code,
        customer_id=_customer(order, settings.customer_from),
        redeemed_at=order.processed_at or order.created_at,
        channel=channel if channel in _CHANNELS else None,
        reward_value=_decimal(amount, "/discount_codes"),
        currency=text_of(order.currency),
        order_id=checked(order.id, "/id"),
        order_value=_decimal(order.total_price, "/total_price"),
    )


def _customer(order: ShopifyOrder, place: str) -> str | None:
    customer = order.customer or ShopifyCustomer()
    if place == CUSTOMER_ID:
        return text_of(customer.id)
    if place == EMAIL:
        return text_of(customer.email)
    named = place.removeprefix(NOTE)
    return next((text_of(one.value) for one in order.note_attributes if one.name == named), None)


def _reversals(order: ShopifyOrder, code: str) -> list[ReportedEvent]:
    """What of a code's redemption was undone so far: all of it, and the parts, each by its refund."""
    reverses = redemption_id(order.id, code)
    told = []
    if order.cancelled_at is not None:
        told.append(_reversal(f"cancelled|{reverses}", reverses, order.cancelled_at))
    if order.financial_status == "refunded":
        told.append(_reversal(f"refunded|{reverses}", reverses, None))
    for refund, part in _parts(order, code):
        event_id = f"refund:{escaped(checked(refund.id, '/refunds'))}|{code}"
        told.append(_reversal(event_id, reverses, refund.created_at, part))
    return told


def _reversal(
    event_id: str, reverses: str, at: str | None, part: Decimal | None = None
) -> ReportedEvent:
    return ReportedEvent(
        event_id=_bounded(event_id),
        type="reversal",
        reverses=reverses,
        redeemed_at=at,
        reward_value=part,
    )


def _parts(order: ShopifyOrder, code: str) -> list[tuple[ShopifyRefund, Decimal]]:
    """For each refund what a code had taken off the things returned with it, where that is anything.

    What all refunds so far come to is rounded, and each is what it adds: so parts of the same sum up to the whole, and
    a refund comes to the same however many follow it.
    """
    indexes = {
        index
        for index, one in enumerate(order.discount_applications)
        if one.type == "discount_code" and text_of(one.code) == code
    }
    lines = {text_of(line.id): line for line in order.line_items}
    returned: dict[str | None, int] = {}
    found, before = [], Decimal(0)
    for refund in sorted(order.refunds, key=_sequence):
        for one in refund.refund_line_items:
            name = text_of(one.line_item_id)
            returned[name] = returned.get(name, 0) + max(one.quantity, 0)
        after = _taken_off(lines, returned, indexes, order.currency or "")
        if after > before:
            found.append((refund, after - before))
        before = max(before, after)
    return found


def _sequence(refund: ShopifyRefund) -> str:
    """Ids of the shop's grow with time."""
    return str(refund.id).zfill(30)


def _taken_off(
    lines: dict[str | None, ShopifyLine],
    returned: dict[str | None, int],
    indexes: set[int],
    currency: str,
) -> Decimal:
    """What applications had taken off so many of each line, in whole minor units."""
    total = Decimal(0)
    for name, quantity in returned.items():
        line = lines.get(name)
        if line is None or line.quantity <= 0:
            continue
        off = sum(
            (
                _decimal(one.amount, "/line_items") or Decimal(0)
                for one in line.discount_allocations
                if one.discount_application_index in indexes
            ),
            Decimal(0),
        )
        total += off * min(quantity, line.quantity) / line.quantity
    return total.quantize(Decimal(1).scaleb(-minor_digits(currency)), ROUND_HALF_EVEN)


def _decimal(value: Amount, place: str) -> Decimal | None:
    if value is None:
        return None
    try:
        amount = Decimal(str(value)[:40])
    except InvalidOperation:
        raise Unreadable(f"{place} has an amount that is no decimal") from None
    if not amount.is_finite() or abs(amount) > 10**12:
        raise Unreadable(f"{place} has an amount that is none")
    return amount
