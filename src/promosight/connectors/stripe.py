"""Stripe's messages: a completed checkout redeems its coupon; a refund or a lost dispute undoes that.

A refund names its payment and no coupon, and most payments had none. So each side leaves a note under its payment,
and what both say together is a reversal (`reversals_of`), whichever came first; a refund of a payment without a coupon
leaves a note that nobody ever asks for. docs/decisions/0027 says why.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import product
from typing import Any, NamedTuple

import msgspec

from promosight.connectors.reading import Reading
from promosight.connectors.shop_messages import (
    MAX_CODES,
    Id,
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
from promosight.rules.instants import SECOND_US, format_instant
from promosight.rules.reported import ReportedEvent

COMPLETED, PAID_LATER = "checkout.session.completed", "checkout.session.async_payment_succeeded"
REFUNDED, DISPUTED = "charge.refunded", "charge.dispute.closed"
INVOICE_PAID, COUPON_GIVEN = "invoice.paid", "customer.discount.created"
INVOICE_PAYMENT = "invoice_payment.paid"
CUSTOMER, REFERENCE, EMAIL = "customer", "client_reference_id", "customer_details.email"
METADATA = "metadata."
"""Where the customer may stand; behind the last comes a name that the shop's own system writes there."""
COUPON, PROMOTION_CODE = "coupon", "promotion_code"
CODES_FROM = (COUPON, PROMOTION_CODE)
OWN_CODE = "promo_code"
"""The name in a checkout's metadata that says the code itself, in the place of both."""

_WITHOUT_DECIMALS = frozenset(
    (
        *("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA"),
        *("PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"),
    )
)
_WITH_THREE = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
"""As Stripe counts: kronur of Iceland and shillings of Uganda in hundredths, which their country has not."""
_LATEST_S = 10**11
_LARGEST = 10**12


class StripeDiscount(msgspec.Struct):
    """A coupon, and the promotion code by which it was given."""

    coupon: Any = None
    promotion_code: Any = None


class StripeTotals(msgspec.Struct):
    """What all coupons took off."""

    amount_discount: int | None = None


class StripeCustomer(msgspec.Struct):
    """What the customer typed in."""

    email: str | None = None


class StripePayment(msgspec.Struct):
    """What paid an invoice."""

    payment_intent: Any = None


class StripeObject(msgspec.Struct):
    """What is looked at of a checkout session, a charge, a dispute or the payment of an invoice. All else is neither
    read nor kept."""

    id: Id = None
    mode: str | None = None
    payment_status: str | None = None
    payment_intent: Any = None
    invoice: Any = None
    payment: StripePayment | None = None
    customer: Any = None
    client_reference_id: Id = None
    customer_details: StripeCustomer | None = None
    currency: str | None = None
    amount_total: int | None = None
    total_details: StripeTotals | None = None
    discounts: list[StripeDiscount] | None = None
    metadata: dict[str, Any] | None = None
    amount: int | None = None
    amount_refunded: int | None = None
    refunded: bool | None = None
    status: str | None = None


class StripePrevious(msgspec.Struct):
    """What had gone back before."""

    amount_refunded: int | None = None


class StripeData(msgspec.Struct):
    """What a message is about."""

    object: StripeObject
    previous_attributes: StripePrevious | None = None


class StripeEvent(msgspec.Struct):
    """A message. `created` is when it happened, however often it is sent."""

    type: str
    created: int
    data: StripeData
    livemode: bool = True


class _Kind(msgspec.Struct):
    type: str


class Note(msgspec.Struct, frozen=True, tag=True):
    """What a message leaves under its payment. Two that say the same are one."""

    name: str


class Used(Note, frozen=True):
    """A redemption was paid with it; `micros` is what it took off, where that is told, in whole `step`s."""

    micros: int | None = None
    step: int = 1


class Returned(Note, frozen=True):
    """Money went back: what had gone back of the payment before and after, of how much; None for all of it."""

    at_s: int = 0
    before: int = 0
    after: int | None = None
    of: int = 0


class Linked(Note, frozen=True):
    """An invoice, under which it is noted, was paid by this payment."""

    payment: str = ""


AnyNote = Used | Returned | Linked


class Taken(NamedTuple):
    """The facts that a message tells, and what it notes under which payments."""

    items: list[Item]
    payments: tuple[str, ...] = ()
    notes: tuple[AnyNote, ...] = ()


_decoder = msgspec.json.Decoder(StripeEvent)
_kind_decoder = msgspec.json.Decoder(_Kind)
_PASSED = {INVOICE_PAID: "counted_at_checkout", COUPON_GIVEN: "not_used_yet"}


def is_place_of_customer(place: str) -> bool:
    """Whether a customer may be taken from there."""
    named = place.startswith(METADATA) and place != METADATA
    return named or place in (CUSTOMER, REFERENCE, EMAIL)


def taken(body: bytes, settings: Settings, reading: Reading) -> Taken | PassedOver:
    """What a message tells, or why that is nothing. Raises Unreadable."""
    kind = read(_kind_decoder, body).type
    if kind in _PASSED:
        return PassedOver(_PASSED[kind])
    if kind not in (COMPLETED, PAID_LATER, REFUNDED, DISPUTED, INVOICE_PAYMENT):
        return PassedOver("other_event")
    event: StripeEvent = read(_decoder, body)
    if not event.livemode and not settings.tests:
        return PassedOver("test_message")
    _check(event)
    if kind in (COMPLETED, PAID_LATER):
        return _checkout(event, settings, reading)
    if kind == INVOICE_PAYMENT:
        return _link(event.data.object)
    return _refund(event) if kind == REFUNDED else _dispute(event)


def reversals_of(found: Iterable[Iterable[AnyNote]], reading: Reading) -> list[Item]:
    """What the notes of each payment come to: a reversal for each coupon and each time that money went back."""
    told: dict[str | None, ReportedEvent] = {}
    for notes in map(list, found):
        used = [one for one in notes if isinstance(one, Used)]
        back = [one for one in notes if isinstance(one, Returned)]
        for use, given in product(used, back):
            event = _reversal(use, given)
            if event is not None:
                told[event.event_id] = event
    return items_of(list(told.values()), reading, "")


def carried_on(notes: Iterable[AnyNote]) -> tuple[tuple[str, ...], tuple[Used, ...]]:
    """What the notes of an invoice have to be told of the payments that paid it: these, and the coupons used."""
    said = list(notes)
    used = tuple(one for one in said if isinstance(one, Used))
    payments = tuple(one.payment for one in said if isinstance(one, Linked))
    return (payments, used) if used and payments else ((), ())


def micros_of(minor: int, currency: str) -> int:
    """An amount as Stripe tells it, in micros. Exact: no currency has more than three decimals there."""
    return minor * _step(currency)


def _step(currency: str) -> int:
    """The micros of the least amount that Stripe tells in a currency."""
    code = currency.upper()
    digits = 0 if code in _WITHOUT_DECIMALS else 3 if code in _WITH_THREE else 2
    return int(10 ** (6 - digits))


def _check(event: StripeEvent) -> None:
    """Raises Unreadable for numbers that nobody means, which others would have to reckon with."""
    of = event.data.object
    off = of.total_details.amount_discount if of.total_details else None
    amounts = (of.amount, of.amount_refunded, of.amount_total, off)
    if any(one is not None and abs(one) > _LARGEST for one in amounts):
        raise Unreadable("/data/object has an amount that is none")
    if not 0 <= event.created <= _LATEST_S:
        raise Unreadable("/created is no time")


def _checkout(event: StripeEvent, settings: Settings, reading: Reading) -> Taken | PassedOver:
    """A checkout that is paid: each of its coupons is redeemed."""
    session = event.data.object
    if session.payment_status not in ("paid", "no_payment_required"):
        return PassedOver("not_paid_yet")
    off = session.total_details.amount_discount if session.total_details else None
    discounts = session.discounts or []
    codes = _codes(session, discounts, settings)
    if not codes and not off:
        return PassedOver("no_code")
    # What several took off is told in one sum, so of none of them.
    currency = session.currency or ""
    worth = micros_of(off, currency) if off is not None and len(codes) < 2 else None
    told = [_redemption(event, code, worth, settings) for code in codes or [None]]
    named = [one.event_id or "" for one in told]
    payments = {_ref(session.payment_intent), _ref(session.invoice)} - {None}
    return Taken(
        items_of(told, reading, settings.customer_from),
        tuple(sorted(filter(None, payments))),
        tuple(Used(event_id, worth, _step(currency)) for event_id in named),
    )


def _codes(
    session: StripeObject, discounts: list[StripeDiscount], settings: Settings
) -> list[str | None]:
    own = text_of((session.metadata or {}).get(OWN_CODE))
    if own is not None:
        return [own]
    if len(discounts) > MAX_CODES:
        raise Unreadable(f"/data/object/discounts has more than {MAX_CODES} discounts")
    return list(dict.fromkeys(_code(one, settings.code_from) for one in discounts))


def _code(discount: StripeDiscount, code_from: str) -> str | None:
    """The word that a discount goes by. A promotion code is told by its id, unless Stripe writes it out."""
    given, coupon = discount.promotion_code, _ref(discount.coupon)
    if code_from != PROMOTION_CODE and coupon is not None:
        return coupon
    word = text_of(given.get("code")) if isinstance(given, dict) else None
    return word or _ref(given) or coupon


def _redemption(
    event: StripeEvent, code: str | None, worth: int | None, settings: Settings
) -> ReportedEvent:
    session = event.data.object
    total = session.amount_total
    currency = text_of(session.currency)
    return ReportedEvent(
        event_id=_bounded(f"checkout:{escaped(checked(session.id, '/id'))}|{code or ''}"),
        promo_code=code,
        customer_id=_customer(session, settings.customer_from),
        redeemed_at=_instant(event.created),
        reward_value=None if worth is None else _decimal(worth),
        currency=currency.upper() if currency else None,
        order_id=checked(session.id, "/id"),
        order_value=None if total is None else _decimal(micros_of(total, currency or "")),
    )


def _customer(session: StripeObject, place: str) -> str | None:
    if place == CUSTOMER:
        return _ref(session.customer)
    if place == REFERENCE:
        return text_of(session.client_reference_id)
    if place == EMAIL:
        details = session.customer_details
        return None if details is None else text_of(details.email)
    return text_of((session.metadata or {}).get(place.removeprefix(METADATA)))


def _refund(event: StripeEvent) -> Taken | PassedOver:
    """A charge of which something went back. That it goes by how much went back so far makes each known again."""
    charge, was = event.data.object, event.data.previous_attributes
    after, of = charge.amount_refunded or 0, charge.amount or 0
    before = (was.amount_refunded if was else None) or 0
    if after <= before or of <= 0:
        return PassedOver("nothing_returned")
    name = f"refund:{escaped(checked(charge.id, '/id'))}|{after}"
    whole = bool(charge.refunded) or after >= of
    note = Returned(name, event.created, before, None if whole else after, of)
    return _noted(charge, note)


def _dispute(event: StripeEvent) -> Taken | PassedOver:
    """A dispute that was lost takes the payment back."""
    dispute = event.data.object
    if dispute.status != "lost":
        return PassedOver("not_lost")
    return _noted(
        dispute, Returned(f"dispute:{escaped(checked(dispute.id, '/id'))}", event.created)
    )


def _link(paid: StripeObject) -> Taken | PassedOver:
    """Since 2025 charges do not name the invoice that they pay: this does."""
    invoice = _ref(paid.invoice)
    payment = _ref(paid.payment.payment_intent) if paid.payment else None
    if invoice is None or payment is None:
        return PassedOver("no_code")
    return Taken([], (invoice,), (Linked(f"linked:{payment}", payment),))


def _noted(of: StripeObject, note: Returned) -> Taken | PassedOver:
    payments = [one for one in (_ref(of.payment_intent), _ref(of.invoice)) if one]
    if not payments:
        return PassedOver("no_code")
    return Taken([], tuple(payments), (note,))


def _reversal(used: Used, given: Returned) -> ReportedEvent | None:
    """The part of a coupon that went back with the money, in proportion; rounded so that parts sum up to the whole."""
    part = None
    if given.after is not None:
        part = _share(used, given.after, given.of) - _share(used, given.before, given.of)
        if part <= 0:
            return None
    return ReportedEvent(
        event_id=_bounded(f"{given.name}|{used.name}"),
        type="reversal",
        reverses=used.name,
        redeemed_at=_instant(given.at_s),
        reward_value=None if part is None else _decimal(part),
    )


def _share(used: Used, part: int, of: int) -> int:
    """So much of what a coupon took off as a part is of a payment, in whole steps; nothing where it is not told."""
    steps = Decimal(used.micros or 0) * part / of / used.step
    return int(steps.quantize(Decimal(1), ROUND_HALF_EVEN)) * used.step


def _decimal(micros: int) -> Decimal:
    return Decimal(micros).scaleb(-6)


def _instant(at_s: int) -> str:
    return format_instant(at_s * SECOND_US)


def _ref(value: Any) -> str | None:
    """The id of a thing that is told by its id, or whole."""
    return text_of(value.get("id")) if isinstance(value, dict) else text_of(value)


def _bounded(event_id: str) -> str:
    if len(event_id) > MAX_ID_LENGTH:
        raise Unreadable(f"/id and the coupon have more than {MAX_ID_LENGTH} characters together")
    return event_id
