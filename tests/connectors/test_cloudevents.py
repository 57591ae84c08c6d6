"""CloudEvents in our words: source and id are the identity, and nothing of it depends on how they came (P22, S4)."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promosight.connectors.cloudevents import (
    BETWEEN,
    folded,
    item_of,
    read_batch,
    read_event,
    structured,
    unfolded,
)
from promosight.connectors.read_again import read_again
from promosight.connectors.reading import Reading
from promosight.errors import TooLarge, Unreadable
from promosight.flows.reporting.rejecting import Refused, named_in
from promosight.rules.facts import Event, Fault
from promosight.rules.sheets import Sheet

NOW_US = 2_000_000_000_000_000
SHOP = "https://shop.example/checkout"
USED: dict[str, Any] = {
    "specversion": "1.0",
    "type": "promotion.redeemed",
    "source": SHOP,
    "id": "1",
    "subject": "ann",
    "time": "2026-11-03T12:00:00Z",
    "data": {"promotion_id": "p", "reward_value": 5.10, "currency": "EUR", "metadata": {"x": 1.5}},
}
UNDONE: dict[str, Any] = USED | {
    "type": "promotion.redemption_reversed",
    "id": "2",
    "data": {"reverses": "1", "reward_value": "2.00"},
}


def read(event: Any) -> Any:
    return item_of(msgspec.json.encode(event), Reading(NOW_US, 0))


def fact(event: Any) -> Event:
    item = read(event)
    assert isinstance(item, Event), item
    return item


def why(event: Any) -> tuple[str, str]:
    item = read(event)
    assert isinstance(item, Refused), item
    return item.rejection.pointer, item.rejection.reason


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in USED.items() if key != name}


def test_a_redemption_is_told_in_our_words() -> None:
    """P22: the envelope names the event, its customer and its time, and its data all else."""
    event = fact(USED)
    assert (event.event_id, event.customer_id, event.reverses) == (f"{SHOP}|1", "ann", None)
    assert (event.promotion_id, event.reward_micros, event.currency) == ("p", 5_100_000, "EUR")
    assert event.metadata == '{"x":1.5}'
    own = {**USED["data"], "redeemed_at": "2026-11-02T12:00:00Z", "customer_id": "ann"}
    assert event.redeemed_us - fact(USED | {"data": own}).redeemed_us == 86_400_000_000


def test_what_says_the_same_is_the_same_fact() -> None:
    """P3: however the envelope is written, and whatever a bus has added on the way."""
    data = base64.b64encode(msgspec.json.encode(USED["data"])).decode()
    more = {"traceparent": "00-1", "knativehops": 3, "datacontenttype": "application/json; a=b"}
    again = {**more, **without("data"), "data_base64": data}
    assert fact(again).digest == fact(USED).digest
    beside = {k: v for k, v in USED.items() if k != "data"}
    text = structured(beside, msgspec.json.encode(USED["data"]))
    assert item_of(text, Reading(NOW_US, 0)) == fact(USED)


def test_a_reversal_names_another_event_of_its_source_unless_it_names_a_source() -> None:
    """P5."""
    event = fact(UNDONE)
    assert (event.event_id, event.reverses) == (f"{SHOP}|2", f"{SHOP}|1")
    assert (event.reward_micros, event.customer_id) == (2_000_000, "ann")
    elsewhere = {"reverses": "a|b", "reverses_source": "/till"}
    assert fact(UNDONE | {"data": elsewhere}).reverses == "/till|a|b"
    nobody = {key: value for key, value in UNDONE.items() if key not in ("subject", "time")}
    assert fact(nobody).customer_id is None


@pytest.mark.parametrize(
    ("event", "pointer"),
    [
        (without("specversion"), "/specversion"),
        (USED | {"specversion": "0.3"}, "/specversion"),
        (without("id"), "/id"),
        (USED | {"id": 5}, "/id"),
        (USED | {"id": " "}, "/id"),
        (USED | {"id": "x" * 250}, "/id"),
        (without("source"), "/source"),
        (USED | {"source": "a|b"}, "/source"),
        (USED | {"source": "a b"}, "/source"),
        (without("type"), "/type"),
        (USED | {"type": "com.example.shipped"}, "/type"),
        (without("subject"), "/subject"),
        (without("time"), "/time"),
        (USED | {"time": "yesterday"}, "/time"),
        (without("data"), "/data/promotion_id"),
        (USED | {"data": "text"}, "/data"),
        (USED | {"data": []}, "/data"),
        (USED | {"data": {"promotion_id": 5}}, "/data/promotion_id"),
        (USED | {"data": {**USED["data"], "reward_value": -1}}, "/data/reward_value"),
        (USED | {"data": {**USED["data"], "redeemed_at": "x"}}, "/data/redeemed_at"),
        (USED | {"data": {**USED["data"], "event_id": "x"}}, "/data/event_id"),
        (USED | {"data": {**USED["data"], "type": "reversal"}}, "/data/type"),
        (USED | {"data": {**USED["data"], "reverses": "x"}}, "/type"),
        (UNDONE | {"data": {}}, "/data/reverses"),
        (UNDONE | {"data": {"reverses": "1", "reverses_source": "a b"}}, "/data/reverses_source"),
        (USED | {"datacontenttype": "text/xml"}, "/datacontenttype"),
        (USED | {"data_base64": "e30="}, "/data_base64"),
        (without("data") | {"data_base64": "?"}, "/data_base64"),
        (without("data") | {"data_base64": "e30"}, "/data_base64"),
        (without("data") | {"data_base64": "W10="}, "/data_base64"),
        (5, ""),
    ],
)
def test_what_is_wrong_is_named_where_it_stands(event: Any, pointer: str) -> None:
    """S2, P2: the pointer leads into what was sent, and what was sent is kept."""
    assert why(event) == (pointer, "invalid")
    kept = msgspec.json.decode(read(event).payload)
    assert msgspec.json.encode(kept["as_cloudevent"]) == msgspec.json.encode(event)


def test_two_customers_in_one_event_are_a_conflict() -> None:
    both = USED | {"data": {**USED["data"], "customer_id": "bob"}}
    assert why(both) == ("/subject", "identifier_conflict")
    assert named_in(read(both).payload) == ("p", "ann")


def test_a_body_that_is_no_event_or_no_batch_is_unreadable() -> None:
    reading = Reading(NOW_US, 0)
    for body in (b"", b"[]", b"5", b"{", b'{"a": 1} {"b": 2}'):
        with pytest.raises(Unreadable):
            read_event(body, reading)
    for body in (b"", b"{}", b"[", b"[{]"):
        with pytest.raises(Unreadable):
            read_batch(body, reading)
    with pytest.raises(TooLarge):
        read_batch(b"[" + b",".join([b"{}"] * 10_001) + b"]", reading)


def test_one_bad_event_costs_its_neighbours_nothing() -> None:
    """P2."""
    texts = [msgspec.json.encode(USED), b'{"id": "\\ud800"}', b"5", msgspec.json.encode(UNDONE)]
    items = read_batch(b"[" + b",".join(texts) + b"]", Reading(NOW_US, 0))
    assert [isinstance(item, Event) for item in items] == [True, False, False, True]


def test_many_together_are_what_each_is_alone() -> None:
    """N1: as a sheet they are taken in by column, and what is no plain redemption stands apart in its place."""
    events = [USED | {"id": f"e{n}", "subject": f"c{n}"} for n in range(1_500)]
    events[7] = UNDONE
    events[11] = USED | {"data": []}
    items = read_batch(msgspec.json.encode(events), Reading(NOW_US, 0))
    assert isinstance(items, Sheet)
    assert [*items] == [read(event) for event in events]
    assert items.alone.keys() == {7, 11}
    assert not isinstance(read_batch(msgspec.json.encode(events[:900]), Reading(NOW_US, 0)), Sheet)


def test_what_was_refused_is_read_again_as_it_came() -> None:
    """P10: what was too early is a fact later; what is wrong stays refused for the same reason."""
    early = item_of(msgspec.json.encode(USED), Reading(0, 0))
    assert isinstance(early, Refused)
    assert (early.rejection.reason, early.event_id) == ("future", f"{SHOP}|1")
    assert read_again(early, NOW_US, 0) == fact(USED)
    for event in (USED | {"source": "a|b"}, USED | {"data": []}, 5):
        wrong = read(event)
        assert read_again(wrong, NOW_US, 0) == wrong
    long = read(USED | {"id": "x" * 250, "note": "y" * 60_000})
    assert read_again(long, NOW_US, 0) == long
    ours = Refused(early.rejection, "redemptions", "e", '{"event_id": "e", "as_cloudevent": {}}')
    assert read_again(ours, NOW_US, 0) is None


words = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=60
)


@given(words.filter(lambda text: BETWEEN not in text), words)
def test_an_event_id_tells_its_source_and_its_id(source: str, id_: str) -> None:
    """N1: no two CloudEvents share an event id, and of one it is always the same."""
    assert unfolded(folded(source, id_)) == (source, id_)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


@given(st.sampled_from([*USED, "data_base64", "datacontenttype"]), anything)
def test_whatever_stands_in_a_field_it_is_a_fact_or_a_refusal(name: str, value: Any) -> None:
    """P16."""
    try:
        text = msgspec.json.encode(USED | {name: value})
    except UnicodeEncodeError:  # half a surrogate pair
        return
    item = item_of(text, Reading(NOW_US, 0))
    assert isinstance(item, Event | Refused)
    if isinstance(item, Refused):
        assert item.rejection.detail
        assert read_again(item, NOW_US, 0) == item


def test_a_fault_names_both_places() -> None:
    with pytest.raises(Fault) as found:
        folded("/a", None, ("source", "data/reverses"))
    assert found.value.rejection.pointer == "/data/reverses"
