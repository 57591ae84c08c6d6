"""Shopify's orders in our words: codes are redeemed once, and undone by what each refund gives back (P22, P5)."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promosight.connectors.reading import Reading
from promosight.connectors.shop_messages import PASSED_OVER, PassedOver, Settings
from promosight.connectors.shopify import redemption_id, taken
from promosight.errors import Unreadable
from promosight.flows.reporting.rejecting import Refused
from promosight.rules.facts import Event

READING = Reading(2_000_000_000_000_000, 0)
PLAIN = Settings("customer.id")
ORDER: dict[str, Any] = {
    "id": 820982911946154508,
    "test": False,
    "email": "ann@x.example",
    "created_at": "2026-11-03T12:00:00+01:00",
    "processed_at": "2026-11-03T11:59:00+01:00",
    "cancelled_at": None,
    "financial_status": "paid",
    "currency": "EUR",
    "total_price": "85.00",
    "source_name": "web",
    "customer": {"id": 42, "email": "ann@x.example", "phone": "+49 1"},
    "discount_codes": [
        {"code": "SPRING", "amount": "10.00", "type": "fixed_amount"},
        {"code": "SHIP", "amount": "4.90", "type": "shipping"},
    ],
    "discount_applications": [
        {"type": "automatic", "title": "x", "target_type": "line_item"},
        {"type": "discount_code", "code": "SPRING", "target_type": "line_item"},
        {"type": "discount_code", "code": "SHIP", "target_type": "shipping_line"},
    ],
    "line_items": [
        {
            "id": 1,
            "quantity": 3,
            "discount_allocations": [
                {"amount": "10.00", "discount_application_index": 1},
                {"amount": "3.00", "discount_application_index": 0},
            ],
        },
        {"id": 2, "quantity": 1, "discount_allocations": []},
    ],
    "note_attributes": [{"name": "member", "value": "m-7"}],
    "refunds": [],
}


def told(order: Any, topic: str = "orders/paid", settings: Settings = PLAIN, **more: Any) -> Any:
    return taken(msgspec.json.encode(order), topic, settings, READING, **more)


def refund(number: int, line: int = 1, quantity: int = 1) -> dict[str, Any]:
    return {
        "id": 900 + number,
        "created_at": f"2026-11-04T12:0{number}:00+01:00",
        "refund_line_items": [{"line_item_id": line, "quantity": quantity}],
    }


def undone(*refunds: dict[str, Any], status: str = "partially_refunded", **more: Any) -> Any:
    order = ORDER | {"refunds": list(refunds), "financial_status": status} | more
    return told(order, "orders/updated")


def test_a_paid_order_redeems_each_of_its_codes() -> None:
    """P22, S8: one redemption for each code, of what it took off, when the order was placed."""
    spring, ship = told(ORDER)
    assert spring.event_id == "order:820982911946154508|SPRING"
    assert (spring.promo_code, spring.customer_id, spring.promotion_id) == ("SPRING", "42", None)
    assert (spring.reward_micros, spring.currency) == (10_000_000, "EUR")
    assert (spring.order_id, spring.order_micros) == ("820982911946154508", 85_000_000)
    assert (spring.channel, spring.metadata) == ("web", None)
    assert (ship.event_id, ship.reward_micros) == ("order:820982911946154508|SHIP", 4_900_000)
    assert told(ORDER | {"processed_at": None})[0].redeemed_us > spring.redeemed_us


def test_what_says_the_same_twice_is_one_fact() -> None:
    """P3: two subscriptions, another time of sending, and an order that was paid at once."""
    again = ORDER | {"updated_at": "2026-11-09T12:00:00Z", "note": "x", "fulfillment_status": "y"}
    assert told(again) == told(ORDER) == told(ORDER, "orders/create")
    assert told(ORDER | {"financial_status": "refunded"}) == told(ORDER)
    doubled = ORDER | {"discount_codes": ORDER["discount_codes"] * 2}
    assert told(doubled) == told(ORDER)


@pytest.mark.parametrize(
    ("order", "topic", "reason"),
    [
        (ORDER, "products/update", "other_event"),
        (ORDER, "", "other_event"),
        ({"id": 1, "order_id": 2}, "refunds/create", "told_by_order_update"),
        (ORDER | {"discount_codes": []}, "orders/paid", "no_code"),
        (ORDER | {"discount_codes": [{"code": " "}]}, "orders/paid", "no_code"),
        (ORDER | {"financial_status": "pending"}, "orders/create", "not_paid_yet"),
        (ORDER | {"financial_status": "authorized"}, "orders/updated", "not_paid_yet"),
        (
            ORDER | {"financial_status": "voided", "cancelled_at": "2026-11-04T12:00:00Z"},
            "orders/cancelled",
            "never_paid",
        ),
        (ORDER, "orders/updated", "nothing_returned"),
        (ORDER | {"refunds": [refund(1, line=2)]}, "orders/updated", "nothing_returned"),
        (ORDER | {"test": True}, "orders/paid", "test_message"),
    ],
)
def test_what_tells_nothing_is_passed_over_with_its_reason(
    order: Any, topic: str, reason: str
) -> None:
    """P22, P2."""
    assert told(order, topic) == PassedOver(reason)
    assert PASSED_OVER[reason]


def test_tests_count_in_sandboxes_only() -> None:
    assert told(ORDER, is_test=True) == PassedOver("test_message")
    sandbox = PLAIN._replace(tests=True)
    assert told(ORDER | {"test": True}, settings=sandbox, is_test=True) == told(ORDER)


@pytest.mark.parametrize(
    ("place", "customer"),
    [
        ("customer.id", "42"),
        ("customer.email", "ann@x.example"),
        ("note_attributes.member", "m-7"),
    ],
)
def test_the_customer_is_taken_from_where_it_was_said(place: str, customer: str) -> None:
    """S10."""
    assert told(ORDER, settings=Settings(place))[0].customer_id == customer


def test_a_guest_is_refused_and_no_word_of_theirs_is_kept() -> None:
    """P2, P10: the refusal is in our own words, without address, email and telephone."""
    guest, _ = told(ORDER | {"customer": None, "phone": "+49 1"})
    assert isinstance(guest, Refused)
    assert (guest.rejection.reason, guest.rejection.pointer) == ("invalid", "/customer_id")
    assert "customer.id" in guest.rejection.detail
    assert guest.event_id == "order:820982911946154508|SPRING"
    assert "ann@" not in guest.payload
    assert "+49" not in guest.payload
    assert msgspec.json.decode(guest.payload)["promo_code"] == "SPRING"


def test_each_refund_undoes_what_it_gives_back() -> None:
    """P5: in whole cents that sum up to the whole, each alone, however many follow."""
    first, second, third = (refund(n) for n in (1, 2, 3))
    parts = undone(first, second, third)
    assert [one.event_id for one in parts] == [f"refund:{n}|SPRING" for n in (901, 902, 903)]
    assert [one.reward_micros for one in parts] == [3_330_000, 3_340_000, 3_330_000]
    assert {one.reverses for one in parts} == {"order:820982911946154508|SPRING"}
    assert [undone(first)[0], undone(second, first)[1]] == parts[:2]
    assert undone(refund(1, quantity=9))[0].reward_micros == 10_000_000
    assert (parts[0].customer_id, parts[0].promo_code) == (None, None)


def test_cancelled_or_wholly_refunded_all_of_it_is_undone() -> None:
    """P5: shipping too, of which no line is returned."""
    cancelled = told(ORDER | {"cancelled_at": "2026-11-04T12:00:00Z"}, "orders/cancelled")
    assert [one.event_id for one in cancelled] == [
        f"cancelled|order:820982911946154508|{code}" for code in ("SPRING", "SHIP")
    ]
    whole = undone(refund(1, quantity=3), status="refunded")
    assert [(one.event_id[:8], one.reward_micros) for one in whole] == [
        ("refunded", None),
        ("refund:9", 10_000_000),
        ("refunded", None),
    ]
    assert all(one.reverses for one in (*cancelled, *whole))


@pytest.mark.parametrize(
    "change",
    [
        {"id": None},
        {"id": "x" * 300},
        {"id": "a\nb"},
        {"discount_codes": [{"code": "A", "amount": "much"}]},
        {"discount_codes": [{"code": "A", "amount": "NaN"}]},
        {"discount_codes": [{"code": "x" * 300, "amount": "1"}]},
        {"discount_codes": [{"code": f"c{n}"} for n in range(101)]},
        {"discount_codes": 5},
        {"line_items": None},
    ],
)
def test_what_is_no_order_cannot_be_read(change: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        told(ORDER | change)


def test_amounts_that_are_none_are_refused_where_they_stand() -> None:
    for amount in ("-1", "1.1234567"):
        order = ORDER | {"discount_codes": [{"code": "A", "amount": amount}]}
        (refused,) = told(order)
        assert refused.rejection.pointer == "/reward_value"
    zoned = told(ORDER | {"processed_at": "2026-11-03T12:00:00", "created_at": "x"})
    assert {one.rejection.pointer for one in zoned} == {"/redeemed_at"}


cents = st.integers(0, 100_000).map(lambda minor: Decimal(minor).scaleb(-2))
lines = st.lists(st.tuples(st.integers(1, 9), cents), min_size=1, max_size=4)


@given(lines, st.integers(0, 2**32), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_parts_sum_up_to_what_the_code_took_off(
    ordered: list[tuple[int, Decimal]], seed: int, currency: str
) -> None:
    """P5, N1: returned in any pieces, each refund comes to the same in every later message about the order."""
    drawn = random.Random(seed)
    items = [
        {
            "id": n,
            "quantity": quantity,
            "discount_allocations": [{"amount": str(off), "discount_application_index": 1}],
        }
        for n, (quantity, off) in enumerate(ordered)
    ]
    pieces = [n for n, (quantity, _) in enumerate(ordered) for _ in range(quantity)]
    drawn.shuffle(pieces)
    refunds = [refund(0, line) | {"id": 900 + n} for n, line in enumerate(pieces)]
    order = ORDER | {"line_items": items, "currency": currency}
    digits = {"EUR": 2, "JPY": 0, "KWD": 3}[currency]
    whole = sum((off for _, off in ordered), Decimal(0)).quantize(
        Decimal(1).scaleb(-digits), "ROUND_HALF_EVEN"
    )
    seen: dict[str, Event] = {}
    told_at = sorted(drawn.sample(range(1, len(refunds) + 1), min(3, len(refunds))))
    for count in (*told_at, len(refunds)):
        body = order | {"refunds": refunds[:count], "financial_status": "partially_refunded"}
        found = told(body, "orders/updated")
        for one in [] if isinstance(found, PassedOver) else found:
            assert seen.setdefault(one.event_id, one) == one
    assert sum(one.reward_micros or 0 for one in seen.values()) == int(whole * 1_000_000)


ids = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=50)


@given(ids, ids, ids, ids)
def test_two_redemptions_share_an_id_only_if_they_share_order_and_code(
    order: str, code: str, order_2: str, code_2: str
) -> None:
    """N1, S4."""
    same = (order, code) == (order_2, code_2)
    assert (redemption_id(order, code) == redemption_id(order_2, code_2)) is same


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


@given(
    st.sampled_from([*ORDER]),
    anything,
    st.sampled_from(["orders/paid", "orders/create", "orders/updated", "orders/cancelled"]),
)
def test_whatever_stands_in_a_field_it_is_read_or_cannot_be(
    name: str, value: Any, topic: str
) -> None:
    """P16: and no other fault comes of it."""
    order = ORDER | {"refunds": [refund(1)], "cancelled_at": "2026-11-04T12:00:00Z"}
    try:
        found = told(order | {name: value}, topic)
    except (Unreadable, UnicodeEncodeError):
        return
    assert isinstance(found, PassedOver) or all(isinstance(one, Event | Refused) for one in found)
