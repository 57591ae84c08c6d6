"""Segment's coupons in our words: a removal names its redemption by what both of them say (P22, S4)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promosight.connectors.elements import member
from promosight.connectors.read_again import read_again
from promosight.connectors.reading import Reading
from promosight.connectors.segment import (
    CouponProperties,
    Ignored,
    application_id,
    item_of,
    read_batch,
    read_track,
    without_key,
)
from promosight.errors import TooLarge, Unreadable
from promosight.flows.reporting.rejecting import Refused, named_in
from promosight.rules.facts import Event

NOW_US = 2_000_000_000_000_000
SAID: dict[str, Any] = {
    "order_id": "o-9",
    "cart_id": "k-1",
    "coupon_id": "SPRING",
    "coupon_name": "Spring",
    "discount": 5.10,
}
APPLIED: dict[str, Any] = {
    "type": "track",
    "event": "Coupon Applied",
    "messageId": "m-1",
    "userId": "ann",
    "anonymousId": "a-1",
    "timestamp": "2026-11-03T12:00:00Z",
    "sentAt": "2026-11-03T12:00:09Z",
    "properties": SAID,
}
REMOVED = APPLIED | {"event": "Coupon Removed", "messageId": "m-2"}


def read(message: Any) -> Any:
    return item_of(msgspec.json.encode(message), Reading(NOW_US, 0))


def fact(message: Any) -> Event:
    item = read(message)
    assert isinstance(item, Event), item
    return item


def with_said(message: dict[str, Any], **more: Any) -> dict[str, Any]:
    said = {name: value for name, value in (SAID | more).items() if value is not None}
    return message | {"properties": said}


def test_a_coupon_applied_is_a_redemption() -> None:
    """P22: the coupon is the code, the discount is what it cost, and ids may be numbers."""
    event = fact(APPLIED)
    assert (event.event_id, event.customer_id) == ("order:o-9|SPRING", "ann")
    assert (event.promo_code, event.promotion_id) == ("SPRING", None)
    assert (event.reward_micros, event.order_id, event.metadata) == (5_100_000, "o-9", None)
    numbered = fact(with_said(APPLIED, order_id=9, coupon_id=7) | {"userId": 5})
    assert (numbered.event_id, numbered.customer_id) == ("order:9|7", "5")
    assert numbered.promo_code == "7"


def test_our_own_names_win_over_segments() -> None:
    more = {"promotion_id": "p", "promo_code": "C", "reward_value": "7.00", "metadata": {"x": 1}}
    event = fact(with_said(APPLIED, **more, currency="EUR", tier_id="gold", order_value=60))
    assert (event.promotion_id, event.promo_code) == ("p", "C")
    assert (event.reward_micros, event.order_micros) == (7_000_000, 60_000_000)
    assert (event.tier_id, event.currency, event.metadata) == ("gold", "EUR", '{"x":1}')


def test_a_coupon_removed_names_its_redemption_by_itself() -> None:
    """P5, N1: whatever it names beside that, also somebody who has signed in meanwhile."""
    event = fact(REMOVED | {"userId": "somebody else"})
    assert (event.event_id, event.reverses) == ("removed:m-2", "order:o-9|SPRING")
    assert (event.customer_id, event.promo_code, event.reward_micros) == (None, None, None)
    alone = {key: value for key, value in REMOVED.items() if key not in ("messageId", "timestamp")}
    assert fact(alone).event_id == "removed|order:o-9|SPRING"


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({}, "order:o-9|SPRING"),
        ({"order_id": None}, "cart:k-1|SPRING"),
        ({"order_id": " "}, "cart:k-1|SPRING"),
        ({"order_id": "", "cart_id": None, "checkout_id": "c"}, "checkout:c|SPRING"),
        ({"redemption_id": "mine"}, "mine"),
        ({"coupon_id": None, "promo_code": "C", "promotion_id": "p"}, "order:o-9|C"),
        ({"coupon_id": None, "promotion_id": "p"}, "order:o-9|p"),
        ({"order_id": "a|b%"}, "order:a%7Cb%25|SPRING"),
    ],
)
def test_an_application_and_its_removal_agree(more: dict[str, Any], named: str) -> None:
    """N1."""
    assert fact(with_said(APPLIED, **more)).event_id == named
    assert fact(with_said(REMOVED, **more)).reverses == named


def test_without_order_and_cart_a_redemption_goes_by_its_message() -> None:
    """P3: it is counted once; but no removal can name it."""
    nowhere = {"order_id": None, "cart_id": None}
    assert fact(with_said(APPLIED, **nowhere)).event_id == "message:m-1"
    refused = read(with_said(REMOVED, **nowhere))
    assert refused.rejection.pointer == "/properties/order_id"
    assert "order_id or cart_id" in refused.rejection.detail


def test_when_it_was_sent_is_no_part_of_it() -> None:
    """P3: a library that tries again says another `sentAt`."""
    again = APPLIED | {"sentAt": "2026-11-04T12:00:00Z", "receivedAt": "x", "context": {"a": 1}}
    assert fact(again).digest == fact(APPLIED).digest
    original = {key: value for key, value in APPLIED.items() if key != "timestamp"}
    original |= {"originalTimestamp": APPLIED["timestamp"]}
    assert fact(original).redeemed_us == fact(APPLIED).redeemed_us
    assert fact(with_said(APPLIED, redeemed_at="2026-11-02T12:00:00Z")).redeemed_us < NOW_US


@pytest.mark.parametrize(
    "message",
    [
        {"type": "identify", "userId": "ann", "traits": {}},
        {"type": "track", "event": "Order Completed", "properties": {"order_id": []}},
        {"event": "coupon applied"},
        {"type": ["track"], "event": "Coupon Applied"},
        {"type": "track", "event": 5},
    ],
)
def test_what_is_about_no_coupon_is_left_alone(message: Any) -> None:
    assert isinstance(read(message), Ignored)


@pytest.mark.parametrize(
    ("message", "pointer"),
    [
        (5, ""),
        ({}, "/event"),
        ({"type": "track", "event": None}, "/event"),
        (APPLIED | {"properties": 5}, "/properties"),
        (APPLIED | {"properties": None, "messageId": ""}, "/properties/order_id"),
        (APPLIED | {"properties": None}, "/properties/promotion_id"),
        (APPLIED | {"messageId": 5}, "/messageId"),
        (APPLIED | {"userId": "", "anonymousId": None}, "/userId"),
        (APPLIED | {"userId": "x" * 300}, "/userId"),
        (APPLIED | {"timestamp": None}, "/timestamp"),
        (APPLIED | {"timestamp": "x"}, "/timestamp"),
        (APPLIED | {"timestamp": None, "originalTimestamp": "x"}, "/originalTimestamp"),
        (with_said(APPLIED, redeemed_at="x"), "/properties/redeemed_at"),
        (with_said(APPLIED, coupon_id=None), "/properties/coupon_id"),
        (with_said(APPLIED, coupon_id=["SPRING"]), "/properties/coupon_id"),
        (with_said(APPLIED, order_id="a\nb"), "/properties/order_id"),
        (with_said(APPLIED, order_id="x" * 250), "/properties/order_id"),
        (with_said(APPLIED, discount=-1), "/properties/discount"),
        (with_said(APPLIED, discount="much"), "/properties/discount"),
        (with_said(APPLIED, reward_value=-1), "/properties/reward_value"),
        (with_said(APPLIED, currency="euros"), "/properties/currency"),
        (REMOVED | {"timestamp": "x"}, "/timestamp"),
        (REMOVED | {"messageId": "x" * 250}, "/messageId"),
    ],
)
def test_what_is_wrong_is_named_where_it_stands(message: Any, pointer: str) -> None:
    """S2, P2: the pointer leads into what was sent, and what was sent is kept and can be read again."""
    item = read(message)
    assert (item.rejection.pointer, item.rejection.reason) == (pointer, "invalid")
    kept = msgspec.json.decode(item.payload)
    assert msgspec.json.encode(kept["as_segment"]) == msgspec.json.encode(message)
    assert read_again(item, NOW_US, 0) == item


def test_a_refusal_names_whom_it_is_about() -> None:
    """P10."""
    item = read(with_said(APPLIED, promotion_id="p", discount=-1))
    assert item.event_id == "order:o-9|SPRING"
    assert named_in(item.payload) == ("p", "ann")


def test_the_key_within_a_message_is_kept_nowhere() -> None:
    message = APPLIED | {"writeKey": 'se"cret', "properties": 5}
    assert "cret" not in read(message).payload
    assert b"secret" not in without_key(b'{"batch": [{"writeKey" : "secret')


def test_a_batch_is_an_object_and_one_bad_message_costs_its_neighbours_nothing() -> None:
    """P2."""
    texts = [msgspec.json.encode(APPLIED), b'{"event": "\\ud800"}', b"5", b'{"type": "page"}']
    for before, after in (
        (b"{", b"}"),
        (b'{"sentAt": "\\ud800", "x": [{}], ', b', "y": {"z": 1}}'),
    ):
        body = before + b'"batch" : [' + b",".join(texts) + b"]" + after
        items = read_batch(body, Reading(NOW_US, 0))
        assert [type(item) for item in items] == [Event, Refused, Refused, Ignored]
    for body in (b"", b"[]", b"{}", b'{"batch": {}}', b'{"batch": [', b'{"a": "batch"}', b"{} {}"):
        with pytest.raises(Unreadable):
            read_batch(body, Reading(NOW_US, 0))
    with pytest.raises(TooLarge):
        read_batch(b'{"batch": [' + b",".join([b"{}"] * 10_001) + b"]}", Reading(NOW_US, 0))
    with pytest.raises(Unreadable):
        read_track(b"[]", Reading(NOW_US, 0))


def test_a_member_is_found_by_its_brackets() -> None:
    body = b'{"x": {"batch": [1]}, "s": "batch", "batch" : [{"a": "}]"}, [2]] , "z": ",batch:"}'
    assert member(body, "batch") == b'[{"a": "}]"}, [2]]'
    assert member(body, "z") == b'",batch:"'
    assert member(body, "y") == b""


ids = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=50)
where = st.sampled_from(["order_id", "cart_id", "checkout_id"])


def said(place: str, number: str, coupon: str) -> CouponProperties:
    return msgspec.convert({place: number, "coupon_id": coupon}, CouponProperties)


@given(where, ids, ids, where, ids, ids)
def test_two_redemptions_share_an_id_only_if_they_share_order_and_coupon(
    place: str, number: str, coupon: str, place_2: str, number_2: str, coupon_2: str
) -> None:
    """N1: and of one it is always the same."""
    first = application_id(said(place, number, coupon))
    second = application_id(said(place_2, number_2, coupon_2))
    same = (place, number, coupon) == (place_2, number_2, coupon_2)
    assert (first == second) is same


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


@given(st.sampled_from([*APPLIED, *SAID, "metadata", "redemption_id"]), anything, st.booleans())
def test_whatever_stands_in_a_field_it_is_a_fact_a_refusal_or_left_alone(
    name: str, value: Any, applied: bool
) -> None:
    """P16."""
    message = APPLIED if applied else REMOVED
    changed = message | {name: value} if name in APPLIED else with_said(message, **{name: value})
    try:
        text = msgspec.json.encode(changed)
    except UnicodeEncodeError:  # half a surrogate pair
        return
    item = item_of(text, Reading(NOW_US, 0))
    assert isinstance(item, Event | Refused | Ignored)
    if isinstance(item, Refused):
        assert read_again(item, NOW_US, 0) == item
