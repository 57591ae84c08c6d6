"""Stripe's checkouts and refunds in our words: what each says alone, and what they come to together (P22, P5)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promosight.connectors.reading import Reading
from promosight.connectors.shop_messages import PASSED_OVER, PassedOver, Settings
from promosight.connectors.stripe import Linked, Taken, carried_on, micros_of, reversals_of, taken
from promosight.errors import Unreadable
from promosight.flows.reporting.rejecting import Refused
from promosight.rules.facts import Event

READING = Reading(2_000_000_000_000_000, 0)
PLAIN = Settings("customer", "coupon")
SESSION: dict[str, Any] = {
    "id": "cs_1",
    "object": "checkout.session",
    "mode": "payment",
    "payment_status": "paid",
    "payment_intent": "pi_1",
    "invoice": None,
    "customer": "cus_1",
    "client_reference_id": "ref-1",
    "customer_details": {"email": "ann@x.example", "name": "Ann"},
    "currency": "eur",
    "amount_total": 1500,
    "total_details": {"amount_discount": 500, "amount_tax": 0},
    "discounts": [{"coupon": "SPRING", "promotion_code": "promo_1"}],
    "metadata": {"member": "m-7"},
}
CHARGE: dict[str, Any] = {
    "id": "ch_1",
    "object": "charge",
    "payment_intent": "pi_1",
    "amount": 1500,
    "amount_refunded": 1500,
    "refunded": True,
    "currency": "eur",
}


def message(of: Any, kind: str = "checkout.session.completed", **more: Any) -> dict[str, Any]:
    data = {"object": of, **more.pop("data", {})}
    return {"id": "evt_1", "type": kind, "created": 1_795_428_900, "livemode": True} | {
        "data": data,
        **more,
    }


def read(said: Any, settings: Settings = PLAIN) -> Any:
    return taken(msgspec.json.encode(said), settings, READING)


def completed(**change: Any) -> Any:
    return read(message(SESSION | change))


def refunded(after: int, before: int = 0, of: int = 1500) -> Any:
    charge = CHARGE | {"amount": of, "amount_refunded": after, "refunded": after == of}
    previous = {"previous_attributes": {"amount_refunded": before}}
    return read(message(charge, "charge.refunded", data=previous))


def together(*found: Taken) -> list[Any]:
    return reversals_of([[note for one in found for note in one.notes]], READING)


def test_a_paid_checkout_redeems_its_coupon() -> None:
    """P22, S8: Stripe tells the coupon and the promotion code by their ids, and amounts in hundredths."""
    told = completed()
    (event,) = told.items
    assert (event.event_id, event.promo_code) == ("checkout:cs_1|SPRING", "SPRING")
    assert (event.customer_id, event.reward_micros, event.currency) == ("cus_1", 5_000_000, "EUR")
    assert (event.order_id, event.order_micros) == ("cs_1", 15_000_000)
    assert told.payments == ("pi_1",)
    by_code = read(message(SESSION), PLAIN._replace(code_from="promotion_code"))
    assert by_code.items[0].promo_code == "promo_1"
    whole = {"coupon": {"id": "SPRING"}, "promotion_code": {"id": "promo_1", "code": "S-77"}}
    assert completed(discounts=[whole]).items == told.items
    own = completed(metadata={"promo_code": "OWN"})
    assert own.items[0].promo_code == "OWN"


def test_paid_at_once_or_later_it_is_the_same() -> None:
    """P3."""
    later = read(message(SESSION, "checkout.session.async_payment_succeeded"))
    assert later == completed()
    free = completed(payment_status="no_payment_required", payment_intent=None, amount_total=0)
    assert (free.items[0].event_id, free.payments) == ("checkout:cs_1|SPRING", ())


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (message(SESSION | {"payment_status": "unpaid"}), "not_paid_yet"),
        (message(SESSION | {"discounts": [], "total_details": None}), "no_code"),
        (message({"id": "in_1", "lines": []}, "invoice.paid"), "counted_at_checkout"),
        (message({"id": "di_1"}, "customer.discount.created"), "not_used_yet"),
        (message({"id": "x"}, "payment_intent.succeeded"), "other_event"),
        (message(SESSION, livemode=False), "test_message"),
        (message(CHARGE | {"amount_refunded": 0}, "charge.refunded"), "nothing_returned"),
        (message(CHARGE | {"payment_intent": None}, "charge.refunded"), "no_code"),
        (
            message(
                {"id": "du_1", "status": "won", "payment_intent": "pi_1"}, "charge.dispute.closed"
            ),
            "not_lost",
        ),
    ],
)
def test_what_tells_nothing_is_passed_over_with_its_reason(said: Any, reason: str) -> None:
    """P22, P2."""
    assert read(said) == PassedOver(reason)
    assert PASSED_OVER[reason]


def test_test_mode_counts_in_sandboxes_only() -> None:
    told = read(message(SESSION, livemode=False), PLAIN._replace(tests=True))
    assert told == completed()


@pytest.mark.parametrize(
    ("place", "customer"),
    [
        ("customer", "cus_1"),
        ("client_reference_id", "ref-1"),
        ("customer_details.email", "ann@x.example"),
        ("metadata.member", "m-7"),
    ],
)
def test_the_customer_is_taken_from_where_it_was_said(place: str, customer: str) -> None:
    """S10."""
    assert read(message(SESSION), Settings(place, "coupon")).items[0].customer_id == customer


def test_a_discount_without_a_name_and_a_guest_are_refused_and_say_why() -> None:
    """P2, P10: Stripe's older messages tell how much was taken off and not by which coupon."""
    (unnamed,) = completed(discounts=None).items
    assert isinstance(unnamed, Refused)
    assert unnamed.rejection.pointer == "/promotion_id"
    (guest,) = completed(customer=None).items
    assert guest.rejection.pointer == "/customer_id"
    assert "ann@" not in guest.payload


def test_money_that_goes_back_takes_the_coupon_with_it() -> None:
    """P5: wholly, or in proportion and in whole cents that sum up to the whole."""
    (whole,) = together(completed(), refunded(1500))
    assert (whole.reverses, whole.reward_micros) == ("checkout:cs_1|SPRING", None)
    assert whole.event_id == "refund:ch_1|1500|checkout:cs_1|SPRING"
    parts = together(completed(), refunded(500), refunded(1000, 500), refunded(1499, 1000))
    assert [one.reward_micros for one in parts] == [1_670_000, 1_660_000, 1_670_000]
    lost = {"id": "du_1", "status": "lost", "payment_intent": {"id": "pi_1"}}
    (dispute,) = together(completed(), read(message(lost, "charge.dispute.closed")))
    assert (dispute.event_id, dispute.reward_micros) == (
        "dispute:du_1|checkout:cs_1|SPRING",
        None,
    )
    assert together(refunded(500)) == together(completed()) == []


def test_what_several_coupons_took_off_is_told_in_one_sum_so_of_none_of_them() -> None:
    both = [{"coupon": "A"}, {"coupon": "B"}]
    told = completed(discounts=both)
    assert [(one.promo_code, one.reward_micros) for one in told.items] == [("A", None), ("B", None)]
    assert len(together(told, refunded(1500))) == 2
    assert together(told, refunded(500)) == []


def test_the_payment_of_an_invoice_carries_its_coupons_on() -> None:
    """P5: a subscription's checkout names an invoice, the refund its payment, and a third message both."""
    subscribed = completed(mode="subscription", payment_intent=None, invoice="in_1")
    assert subscribed.payments == ("in_1",)
    paid = {"id": "inpay_1", "invoice": "in_1", "payment": {"payment_intent": "pi_9"}}
    link = read(message(paid, "invoice_payment.paid"))
    assert (link.payments, link.notes) == (("in_1",), (Linked("linked:pi_9", "pi_9"),))
    assert carried_on(subscribed.notes + link.notes) == (("pi_9",), subscribed.notes)
    assert carried_on(link.notes) == carried_on(subscribed.notes) == ((), ())
    by_charge = message({"invoice": "in_1", "payment": {"charge": "ch"}}, "invoice_payment.paid")
    assert read(by_charge) == PassedOver("no_code")


@pytest.mark.parametrize(
    ("currency", "micros"),
    [
        ("eur", 10_500_000),
        ("jpy", 1_050_000_000),
        ("mga", 1_050_000_000),
        ("kwd", 1_050_000),
        ("isk", 10_500_000),
        ("ugx", 10_500_000),
    ],
)
def test_amounts_are_exact_in_every_currency(currency: str, micros: int) -> None:
    """P22: without decimals, with three, and in the hundredths that Stripe keeps for some that have none."""
    assert micros_of(1050, currency) == micros
    session = {"currency": currency, "total_details": {"amount_discount": 1050}}
    assert completed(**session).items[0].reward_micros == micros


@pytest.mark.parametrize(
    "said",
    [
        5,
        {},
        {"type": "checkout.session.completed"},
        message(5),
        message(SESSION | {"id": None}),
        message(SESSION | {"id": "x" * 300}),
        message(SESSION | {"amount_total": 10**13}),
        message(SESSION, created=10**12),
        message(SESSION | {"discounts": [{}] * 101}),
    ],
)
def test_what_is_no_message_of_stripes_cannot_be_read(said: Any) -> None:
    with pytest.raises(Unreadable):
        read(said)


@given(
    st.integers(1, 100_000),
    st.lists(st.integers(1, 5_000), min_size=1, max_size=6),
    st.sampled_from(["eur", "jpy", "kwd"]),
    st.randoms(),
)
def test_parts_never_exceed_the_whole_and_their_order_is_nothing(
    off: int, given_back: list[int], currency: str, drawn: Any
) -> None:
    """P5, N1."""
    session = completed(currency=currency, total_details={"amount_discount": off})
    paid, before, back = sum(given_back) + 1, 0, []
    for amount in given_back:
        back.append(refunded(before + amount, before, paid))
        before += amount
    parts = together(session, *back)
    drawn.shuffle(back)
    shuffled = together(*back, session)
    by_id = {one.event_id: one for one in parts}
    assert by_id == {one.event_id: one for one in shuffled}
    total = sum(one.reward_micros or 0 for one in parts)
    share = micros_of(off, currency) * (paid - 1) / paid
    assert abs(total - share) <= micros_of(1, currency)
    assert together(session, refunded(paid, before, paid))[0].reward_micros is None


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


@given(st.sampled_from([*SESSION, *CHARGE, "created", "livemode", "data"]), anything, st.booleans())
def test_whatever_stands_in_a_field_it_is_read_or_cannot_be(
    name: str, value: Any, is_session: bool
) -> None:
    """P16: and no other fault comes of it."""
    kind, of = (
        ("checkout.session.completed", SESSION) if is_session else ("charge.refunded", CHARGE)
    )
    changed = message(of | {name: value}, kind)
    if name in ("created", "livemode", "data"):
        changed = message(of, kind) | {name: value}
    try:
        found = read(changed)
        items = (
            [] if isinstance(found, PassedOver) else [*found.items, *together(completed(), found)]
        )
    except (Unreadable, UnicodeEncodeError):
        return
    assert all(isinstance(one, Event | Refused) for one in items)
