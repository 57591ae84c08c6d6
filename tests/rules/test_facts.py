"""When one reported event is a fact, and how it is refused when it is not: the field and the reason."""

from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promosight.rules.facts import (
    MOST_CHANNELS,
    Assignment,
    Event,
    Rejection,
    assignment_decided,
    assignment_from,
    event_from,
    identifier,
    key_of_channels,
)
from promosight.rules.instants import format_instant, parse_instant
from promosight.rules.reported import ReportedAssignment, ReportedEvent

NOW_US = parse_instant("2026-11-23T12:00:00Z")
TRACKING_US = parse_instant("2026-07-01T00:00:00Z")
FIVE_MINUTES_US = 300_000_000
REDEMPTION: dict[str, Any] = {
    "event_id": "e-1",
    "promotion_id": "summer",
    "customer_id": "c-1",
    "redeemed_at": "2026-11-23T10:15:00Z",
}
ASSIGNMENT: dict[str, Any] = {
    "promotion_id": "summer",
    "customer_id": "c-1",
    "assigned_at": "2026-11-20T08:00:00Z",
}
GOLDEN = {
    "redemption": 91_590_632_499_451,
    "full redemption": 100_478_371_778_640,
    "assignment": 137_795_611_643_304,
    "slot": 50_423_483_167_489,
    "slot of an id": 63_800_548_551_899,
}
REVERSAL = {"event_id": "r-1", "type": "reversal", "reverses": "e-1"}
EVENT_IDS = [
    "event_id",
    "promotion_id",
    "promo_code",
    "customer_id",
    "assignment_id",
    "campaign_id",
    "tier_id",
    "channel",
    "order_id",
]
ASSIGNMENT_IDS = [
    "promotion_id",
    "customer_id",
    "assignment_id",
    "campaign_id",
    "occurrence",
    "tier_id",
    "segment",
    "promo_code",
    "decision_id",
]
NO_ID = {
    "nothing": "",
    "blanks": " \t ",
    "too long": "x" * 256,
    "line break within": "a\nb",
    "NUL": "a\0b",
    "DEL": "a\x7fb",
    "C1 control": "ä\x85b",
    "half a surrogate pair": "a\ud800b",
}


def judged(
    fields: dict[str, Any], *, received_us: int = NOW_US, tracking_us: int = TRACKING_US
) -> Event | Rejection:
    """The verdict on an event written as JSON, as a sender would."""
    reported = msgspec.json.decode(msgspec.json.encode(fields), type=ReportedEvent)
    return event_from(reported, received_us=received_us, tracking_from_us=tracking_us)


def fact(**fields: Any) -> Event:
    """A redemption that must be taken, with these fields changed."""
    event = judged(REDEMPTION | fields)
    assert isinstance(event, Event), event
    return event


def refused(fields: dict[str, Any], **clocks: int) -> tuple[str, str]:
    """Reason and pointer of an event that must be refused."""
    rejection = judged(fields, **clocks)
    assert isinstance(rejection, Rejection), rejection
    assert rejection.detail
    return rejection.reason, rejection.pointer


def judged_assignment(**fields: Any) -> Assignment | Rejection:
    """The verdict on an assignment written as JSON."""
    reported = msgspec.json.decode(
        msgspec.json.encode(ASSIGNMENT | fields), type=ReportedAssignment
    )
    return assignment_from(reported, received_us=NOW_US)


def assignment(**fields: Any) -> Assignment:
    """An assignment that must be taken, with these fields changed."""
    taken = judged_assignment(**fields)
    assert isinstance(taken, Assignment), taken
    return taken


def without(fields: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != name}


def test_a_plain_redemption_is_a_fact() -> None:
    """S2, S8: a promotion, a customer, an id and a time are all it takes."""
    event = fact()
    assert (event.event_id, event.promotion_id, event.customer_id) == ("e-1", "summer", "c-1")
    assert event.redeemed_us == parse_instant("2026-11-23T10:15:00Z")
    assert event.reverses is None


@pytest.mark.parametrize("name", list(REDEMPTION))
def test_a_missing_field_of_a_redemption_is_named(name: str) -> None:
    """S2: without a promotion, a customer, an id or a time an event is refused, the field named."""
    assert refused(without(REDEMPTION, name)) == ("invalid", f"/{name}")
    assert refused(REDEMPTION | {name: None}) == ("invalid", f"/{name}")


@pytest.mark.parametrize("name", list(ASSIGNMENT))
def test_a_missing_field_of_an_assignment_is_named(name: str) -> None:
    """S26: an assignment says who was offered what, and when."""
    rejection = judged_assignment(**{name: None})
    assert isinstance(rejection, Rejection)
    assert (rejection.reason, rejection.pointer) == ("invalid", f"/{name}")


def test_a_code_stands_in_for_the_promotion() -> None:
    """S2, S33: the identifier of the promotion may be its code or a personal one."""
    event = judged(without(REDEMPTION, "promotion_id") | {"promo_code": "ANNA-7"})
    assert isinstance(event, Event)
    assert (event.promotion_id, event.promo_code) == (None, "ANNA-7")


@pytest.mark.parametrize("text", NO_ID.values(), ids=NO_ID)
@pytest.mark.parametrize("name", EVENT_IDS)
def test_an_identifier_of_an_event_that_cannot_be_one_is_named(name: str, text: str) -> None:
    reported = ReportedEvent(**(REDEMPTION | {name: text}))
    rejection = event_from(reported, received_us=NOW_US, tracking_from_us=TRACKING_US)
    assert isinstance(rejection, Rejection)
    assert (rejection.reason, rejection.pointer) == ("invalid", f"/{name}")


@pytest.mark.parametrize("name", ASSIGNMENT_IDS)
def test_an_identifier_of_an_assignment_that_cannot_be_one_is_named(name: str) -> None:
    for text in NO_ID.values():
        reported = ReportedAssignment(**(ASSIGNMENT | {name: text}))
        rejection = assignment_from(reported, received_us=NOW_US)
        assert isinstance(rejection, Rejection)
        assert (rejection.reason, rejection.pointer) == ("invalid", f"/{name}")


@pytest.mark.parametrize("name", EVENT_IDS)
def test_identifiers_are_trimmed_and_otherwise_kept_to_the_letter(name: str) -> None:
    assert getattr(fact(**{name: " \tGrüße 七 'x'; \r\n"}), name) == "Grüße 七 'x';"
    assert getattr(fact(**{name: "x" * 255}), name) == "x" * 255
    assert fact(**{name: " a "}) == fact(**{name: "a"})
    assert fact(**{name: "a"}).digest != fact(**{name: "A"}).digest


@given(st.text())
def test_any_text_is_an_identifier_or_refused(text: str) -> None:
    told = identifier(text, "customer_id")
    if isinstance(told, Rejection):
        assert told.pointer == "/customer_id"
    else:
        assert told == text.strip()
        assert 1 <= len(told) <= 255


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("redeemed_at", "2026-11-23T10:15:00"),
        ("redeemed_at", "yesterday"),
        ("redeemed_at", "2026-13-01T00:00:00Z"),
        ("redeemed_at", ""),
        ("type", "refund"),
        ("type", ""),
        ("currency", "eur"),
        ("currency", "EURO"),
        ("currency", ""),
        ("reward_value", "-1"),
        ("reward_value", "0.0000001"),
        ("reward_value", "1e999999"),
        ("order_value", "10000000000"),
        ("order_value", "-0.01"),
    ],
)
def test_a_wrong_value_of_an_event_is_named(name: str, text: str) -> None:
    """S2: naive times, impossible amounts and unknown currencies are refused, never guessed."""
    assert refused(REDEMPTION | {name: text}) == ("invalid", f"/{name}")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("assigned_at", "2026-11-20T08:00:00"),
        ("expires_at", "2026-12-20"),
        ("expires_at", "2026-12-20T00:00:00"),
        ("currency", "euro"),
        ("reward_value", "-5"),
        ("max_redemptions", 0),
        ("max_redemptions", -1),
        ("max_redemptions", 2**31),
        ("channel", "a\0b"),
        ("channels", "channel"),
    ],
)
def test_a_wrong_value_of_an_assignment_is_named(name: str, value: str | int) -> None:
    given: Any = ["email", "a\0b"] if name == "channels" else value
    rejection = judged_assignment(**{name: given})
    assert isinstance(rejection, Rejection)
    pointer = "/channel" if name == "channels" else f"/{name}"
    assert (rejection.reason, rejection.pointer) == ("invalid", pointer)


def test_the_border_to_the_future_is_exactly_five_minutes() -> None:
    """P6: a sender's clock may run five minutes ahead, and not a microsecond more."""
    last_us = NOW_US + FIVE_MINUTES_US
    assert fact(redeemed_at=format_instant(last_us)).redeemed_us == last_us
    ahead = REDEMPTION | {"redeemed_at": format_instant(last_us + 1)}
    assert refused(ahead) == ("future", "/redeemed_at")
    assert isinstance(judged(ahead, received_us=NOW_US + 1), Event)
    assert assignment(assigned_at=format_instant(last_us)).assigned_us == last_us
    rejection = judged_assignment(assigned_at=format_instant(last_us + 1))
    assert isinstance(rejection, Rejection)
    assert (rejection.reason, rejection.pointer) == ("future", "/assigned_at")


def test_the_border_to_before_tracking_is_exact() -> None:
    """S42: forward only; the instant tracking starts is the first that counts."""
    assert fact(redeemed_at=format_instant(TRACKING_US)).redeemed_us == TRACKING_US
    before = REDEMPTION | {"redeemed_at": format_instant(TRACKING_US - 1)}
    assert refused(before) == ("backdated", "/redeemed_at")
    rejection = judged(before)
    assert isinstance(rejection, Rejection)
    start = format_instant(TRACKING_US)
    assert rejection.detail == f"lies before the start of tracking, {start}"
    # An offer made before may still be redeemed after; its assignment is a fact of any age.
    assert assignment(assigned_at="2019-01-01T00:00:00Z").assigned_us < TRACKING_US


@given(st.integers(0, 10**15 - 1))
def test_amounts_are_read_exactly_from_numbers_and_from_text(hundredths: int) -> None:
    """A JSON number is read digit by digit: no float stands between the sender and the ledger."""
    text = f"{hundredths // 100_000}.{hundredths % 100_000:05}"
    body = msgspec.json.encode(REDEMPTION)[:-1] + b',"reward_value":' + text.encode() + b"}"
    event = event_from(
        msgspec.json.decode(body, type=ReportedEvent),
        received_us=NOW_US,
        tracking_from_us=TRACKING_US,
    )
    assert isinstance(event, Event)
    assert event.reward_micros == hundredths * 10
    assert event.digest == fact(reward_value=text).digest


def from_json(fields: dict[str, Any]) -> ReportedEvent:
    return msgspec.json.decode(msgspec.json.encode(fields), type=ReportedEvent)


def from_texts(fields: dict[str, Any]) -> ReportedEvent:
    """As a file of texts (CSV) says it."""
    return msgspec.convert({k: str(v) for k, v in fields.items()}, ReportedEvent, strict=False)


def from_python(fields: dict[str, Any]) -> ReportedEvent:
    return ReportedEvent(**fields)


@pytest.mark.parametrize("door", [from_json, from_texts, from_python])
@pytest.mark.parametrize(
    "form",
    [
        {},
        {"event_id": " e-1 "},
        {"redeemed_at": "2026-11-23T11:15:00+01:00"},
        {"redeemed_at": "2026-11-23 10:15:00 UTC"},
        {"redeemed_at": "2026-11-23T10:15:00.000Z"},
        {"reward_value": Decimal("5.00")},
        {"reward_value": Decimal("5.000000")},
        {"type": "redemption"},
    ],
)
def test_the_same_content_has_the_same_digest_whatever_the_door(
    door: Callable[[dict[str, Any]], ReportedEvent], form: dict[str, Any]
) -> None:
    """S14, P3: a retry through another door, in another spelling, is a duplicate and no conflict."""
    fields = REDEMPTION | {"reward_value": Decimal(5)} | form
    event = event_from(door(fields), received_us=NOW_US + 7, tracking_from_us=TRACKING_US - 7)
    assert event == fact(reward_value=5)


@pytest.mark.parametrize(
    "change",
    [
        *({name: "other"} for name in EVENT_IDS),
        {"redeemed_at": "2026-11-23T10:15:00.000001Z"},
        {"reward_value": "0"},
        {"reward_value": "5.000001"},
        {"order_value": "5"},
        {"currency": "EUR"},
        {"metadata": {"till": 7}},
        {"metadata": {}},
        {"type": "reversal", "reverses": "e-0"},
    ],
)
def test_other_content_has_another_digest(change: dict[str, Any]) -> None:
    """P3: the same id with other content can be told from a retry, whatever field differs."""
    assert fact(**change).digest != fact().digest


def test_the_order_of_metadata_does_not_matter() -> None:
    one, other = {"a": 1, "b": {"x": [1, 2], "y": None}}, {"b": {"y": None, "x": [1, 2]}, "a": 1}
    assert fact(metadata=one) == fact(metadata=other)
    assert fact(metadata=one).metadata == '{"a":1,"b":{"x":[1,2],"y":null}}'


def test_digests_and_slots_never_change() -> None:
    """They are stored: a later version must give the same, or every retry would be a conflict."""
    full = fact(reward_value="5", currency="EUR", metadata={"till": 7}, channel="shop")
    assert fact().digest == GOLDEN["redemption"]
    assert full.digest == GOLDEN["full redemption"]
    assert assignment().digest == GOLDEN["assignment"]
    assert assignment().slot == GOLDEN["slot"]
    assert assignment(assignment_id="a-1").slot == GOLDEN["slot of an id"]


def test_a_reversal_needs_only_its_id_and_its_original() -> None:
    """P5: promotion, customer and time may be left to the original, which may not have arrived yet."""
    event = judged(REVERSAL)
    assert isinstance(event, Event)
    assert (event.reverses, event.promotion_id, event.customer_id) == ("e-1", None, None)
    assert (event.redeemed_us, event.reward_micros) == (0, None)


def test_a_partial_reversal_says_how_much_it_undoes() -> None:
    """P5: partial reversals."""
    event = judged(REVERSAL | {"reward_value": "1.50"})
    assert isinstance(event, Event)
    assert event.reward_micros == 1_500_000


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        (without(REVERSAL, "reverses"), "/reverses"),
        (REVERSAL | {"reverses": " "}, "/reverses"),
        (without(REVERSAL, "event_id"), "/event_id"),
        (without(REVERSAL, "type") | REDEMPTION | {"reverses": "e-0"}, "/type"),
        (REDEMPTION | {"type": "redemption", "reverses": "e-0"}, "/type"),
        (REVERSAL | {"redeemed_at": "2026-11-23T10:15:00"}, "/redeemed_at"),
        (REVERSAL | {"customer_id": ""}, "/customer_id"),
        (REVERSAL | {"reward_value": "-1"}, "/reward_value"),
    ],
)
def test_a_half_written_reversal_is_refused(fields: dict[str, Any], pointer: str) -> None:
    """P5: what it undoes must be said, and that it undoes must be said too."""
    assert refused(fields) == ("invalid", pointer)


def test_one_occurrence_is_one_slot_however_often_it_is_told() -> None:
    """S26: one assignment per occurrence, however many channels carried it."""
    by_mail = assignment(campaign_id="autumn", occurrence="2026-11", channel="email")
    by_push = assignment(campaign_id="autumn", occurrence="2026-11", channels=["push", "sms"])
    assert by_mail.slot == by_push.slot
    assert by_mail.digest == by_push.digest
    assert by_mail.slot != assignment(campaign_id="autumn", occurrence="2026-12").slot
    assert by_mail.slot != assignment(campaign_id="spring", occurrence="2026-11").slot
    assert by_mail.slot != assignment(assignment_id="2026-11").slot


def test_without_an_occurrence_the_time_tells_assignments_apart() -> None:
    later = assignment(assigned_at="2026-11-20T08:00:00.000001Z")
    assert assignment().slot == assignment(assigned_at="2026-11-20T09:00:00+01:00").slot
    assert assignment().slot != later.slot


def test_what_a_decision_assigns_is_the_fact_that_a_report_of_it_would_be() -> None:
    said: dict[str, Any] = {
        "promotion_id": "p",
        "customer_id": "c",
        "assignment_id": "dec-1",
        "tier_id": "gold",
        "segment": None,
        "channel": "email",
        "currency": "EUR",
        "decision_id": "1",
    }
    at_us = parse_instant("2026-03-01T10:00:00.000001Z")
    decided = assignment_decided(
        **said, assigned_us=at_us, reward_micros=2_500_000, expires_us=at_us + 1
    )
    reported = ReportedAssignment(
        **said,
        assigned_at=format_instant(at_us),
        reward_value=Decimal("2.5"),
        expires_at=format_instant(at_us + 1),
    )
    assert decided == assignment_from(reported, received_us=at_us)


def test_channels_are_a_set() -> None:
    told = assignment(channels=["sms", " email ", "", "email"], channel="push")
    assert told.channels == ("email", "push", "sms")
    assert assignment().channels == ()
    assert assignment(channel="sms + email+").channels == ("email", "sms")


def test_what_matching_does_not_need_is_kept_as_details() -> None:
    told = assignment(occurrence="7", decision_id="d-1", attributes={"b": 1, "a": 2})
    assert told.details == '{"attributes":{"a":2,"b":1},"decision_id":"d-1","occurrence":"7"}'
    assert assignment().details is None


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(
    ReportedEvent.__struct_fields__[:-1], st.one_of(st.none(), st.text(max_size=8))
)))  # fmt: skip
def test_whatever_is_reported_is_a_fact_or_refused_with_a_field(fields: dict[str, Any]) -> None:
    """P2: one bad event has a verdict of its own; it never breaks the batch around it."""
    for name in ("reward_value", "order_value"):
        if fields.get(name) is not None:
            fields[name] = Decimal(len(fields[name])).scaleb(len(fields[name]) * 3 - 9)
    event = event_from(ReportedEvent(**fields), received_us=NOW_US, tracking_from_us=TRACKING_US)
    if isinstance(event, Rejection):
        assert event.reason == "invalid"
        assert event.pointer.removeprefix("/") in ReportedEvent.__struct_fields__


@given(
    st.lists(st.sets(st.text("abc", min_size=1, max_size=200), max_size=6), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
)
def test_of_too_many_channels_the_same_stay_in_whatever_order_they_came(
    told: list[set[str]], random: Random
) -> None:
    """N1: told one after the other, or all at once; an index takes no key of any length."""

    def one_by_one(reports: list[set[str]]) -> str:
        key = ""
        for channels in reports:
            key = key_of_channels({*key.split("+"), *channels} - {""})
        return key

    wanted = key_of_channels(set().union(*told))
    shuffled = random.sample(told, len(told))
    assert one_by_one(told) == one_by_one(shuffled) == wanted
    assert len(wanted) <= MOST_CHANNELS
