"""Messages as elements of a report: what has no id is named by its place, and what is no event stands in a line."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promosight.consume.messages import Message, stand_in, told

BINARY = {"ce_specversion": b"1.0", "ce_id": b"7", "ce_source": b"/till", "ce_type": b"t"}
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def message(value: bytes, **headers: bytes) -> Message:
    return Message("shop", 3, 41, value, headers)


def said(value: Any, kind: str = "redemptions") -> Any:
    return json.loads(told(message(json.dumps(value).encode()), kind).body)


@pytest.mark.parametrize(
    ("kind", "field"), [("redemptions", "event_id"), ("outcomes", "outcome_id")]
)
def test_an_event_without_an_id_is_named_by_its_place(kind: str, field: str) -> None:
    """P3: the same name however often the message is delivered; an id that is given stays."""
    assert said({"customer_id": "ann"}, kind) == {"customer_id": "ann", field: "shop/3/41"}
    assert said({field: None}, kind) == {field: "shop/3/41"}
    assert said({field: "mine"}, kind) == {field: "mine"}
    assert said({field: ""}, kind) == {field: ""}, "what is no id is for the server to refuse"


def test_an_assignment_keeps_the_identity_that_it_has_by_what_it_says() -> None:
    assert said({"promotion_id": "P"}, "assignments") == {"promotion_id": "P"}


def test_numbers_are_passed_on_as_they_are_written() -> None:
    text = b'{"order_value": 12.50, "metadata": {"n": 1e2}}'
    assert told(message(text), "redemptions").body == (
        b'{"order_value":12.50,"metadata":{"n": 1e2},"event_id":"shop/3/41"}'
    )


@given(JSON_VALUES, st.sampled_from([None, 1, "\t"]))
def test_every_message_is_one_line_that_says_what_it_said(value: Any, indent: Any) -> None:
    for kind in ("redemptions", "assignments"):
        body = told(message(json.dumps(value, indent=indent).encode()), kind).body
        assert len(body.splitlines()) == 1
        found = json.loads(body)
        if isinstance(value, dict) and kind == "redemptions" and value.get("event_id") is None:
            value = {**value, "event_id": "shop/3/41"}
        assert found == value


@given(st.binary())
def test_whatever_comes_is_one_line_and_none_is_blank(value: bytes) -> None:
    for one in (told(message(value), "redemptions").body, stand_in(message(value))):
        assert len(one.splitlines()) == 1
        assert one.strip()


def test_what_is_no_json_stands_behind_its_place() -> None:
    for value, kept in ((b"\xffa\nb", "�a b"), (b"", "(no value)"), (b'{"a":\n', '{"a":')):
        assert told(message(value), "redemptions").body.decode() == f"shop/3/41: {kept}"
    assert told(message(b"[1,\n2]"), "redemptions").body == b"[1, 2]", "the server says it best"


def test_the_name_of_a_topic_leaves_room_for_the_rest_of_an_id() -> None:
    long = [Message("x" * 248 + last, 2**31 - 1, 2**63 - 1, b"{}", {}).place for last in "ab"]
    assert max(map(len, long)) <= 255
    assert len(set(long)) == 2


def test_a_cloudevent_is_seen_by_its_headers() -> None:
    """P22: in both forms that CloudEvents has in Kafka."""
    whole = b'{"specversion": "1.0", "id": "7"}'
    kinds = {"content-type": b"application/cloudevents+json; charset=utf-8"}
    structured = told(message(whole, **kinds), "redemptions")
    assert (structured.body, structured.is_envelope) == (whole, True)
    media = {"content-type": b"application/json"}
    binary = told(message(b'{"promotion_id": "P"}', **BINARY, **media), "redemptions")
    assert binary.is_envelope
    assert json.loads(binary.body) == {
        "specversion": "1.0",
        "id": "7",
        "source": "/till",
        "type": "t",
        "datacontenttype": "application/json",
        "data": {"promotion_id": "P"},
    }


def test_data_of_a_cloudevent_that_is_no_json_goes_along_all_the_same() -> None:
    body = json.loads(told(message(b"\x00\xff", **BINARY), "redemptions").body)
    assert base64.b64decode(body["data_base64"]) == b"\x00\xff"
    assert "data" not in json.loads(told(message(b"", **BINARY), "redemptions").body)


def test_without_headers_a_message_is_a_cloudevent_where_that_was_said() -> None:
    whole = b'{"specversion": "1.0", "id": "7"}'
    assert told(message(whole), "redemptions", envelopes=True).is_envelope
    assert not told(message(whole), "redemptions").is_envelope
    broken = told(message(b"{", **{"content-type": b"application/cloudevents+json"}), "redemptions")
    assert (broken.body, broken.is_envelope) == (b"shop/3/41: {", False)
