"""Many events at once give what each alone gives, whatever is sent: the facts, the refusals, the digests."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosight.rules.columns import (
    assignment_columns,
    assignments_from,
    assignments_of_columns,
    event_columns,
    events_from,
    events_of_columns,
)
from promosight.rules.facts import Event, Rejection, assignment_from, event_from
from promosight.rules.instants import parse_instant, parse_instants
from promosight.rules.reported import ReportedAssignment, ReportedEvent

NOW_US = parse_instant("2026-11-23T12:00:00Z")
TRACKING_US = parse_instant("2026-07-01T00:00:00Z")

USUAL_ID = st.sampled_from(["a", "b-1", "order_7", "ABC", "x" * 255])
ODD_ID = st.sampled_from(
    [
        "",
        " ",
        " a ",
        "a b",
        "Grüße",
        "七",
        "\u2003a",
        "a\u00a0",
        "x" * 256,
        "\ud800",
        "a\0",
        "\x1fa",
        "\x85",
    ]
) | st.text(max_size=6)
USUAL_TIME = st.sampled_from(
    ["2026-11-23T10:15:00Z", "2026-07-01T00:00:00Z", "2026-10-01T01:02:03Z"]
)
ODD_TIME = st.sampled_from(
    [
        "",
        "2026-11-23T10:15:00",
        "2026-11-23T10:15:00.5Z",
        "2026-11-23T10:15:00.123456Z",
        "2026-11-23T11:15:00+01:00",
        "2026-11-23T10:15:00+00:00",
        "2026-11-23 10:15:00 UTC",
        "2026-11-23t10:15:00z",
        "2026-W47-1T10:15:00Z",
        f"2026-11-23T10:15:00.{'0' * 300}Z",
        f"2026-11-23T10:15:00.{'0' * 50}Z",
        "20261123T101500Z",
        "2026-12-31T23:59:60Z",
        " 2026-11-23T10:15:00Z",
        "2026-11-23T10:15:00Z\n",
        "2026-11-23x10:15:00Z",
        "2026-06-30T23:59:59Z",
        "2026-11-23T12:05:00Z",
        "2026-11-23T12:05:01Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "٢٠٢٦-11-23T10:15:00Z",
    ]
) | st.text(max_size=24)
AMOUNT = st.sampled_from(["5.00", "0", "12.5", "9999999999.999999", "0.000001"]).map(Decimal)
ODD_AMOUNT = (
    st.sampled_from(
        [
            "-1",
            "-0",
            "1e2",
            "1E+9999999",
            "1E-7",
            "NaN",
            "sNaN",
            "Infinity",
            "10000000000",
            "5." + "0" * 60,
        ]
    ).map(Decimal)
    | st.decimals()
)
CURRENCY = st.sampled_from(["EUR", "USD"])
ODD_CURRENCY = st.sampled_from(["", "eur", "EURO", " EUR", "ÄÖÜ", "E1R"])
JSON = st.dictionaries(
    st.text(max_size=3), st.integers() | st.text(max_size=3) | st.none(), max_size=2
)


def mostly(usual: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A whole batch's column: usual values, now and then with odd ones and gaps among them."""
    return st.one_of(usual, usual | st.none(), usual | odd, usual | odd | st.none(), st.none())


IDS = mostly(USUAL_ID, ODD_ID)
TIMES = mostly(USUAL_TIME, ODD_TIME)
AMOUNTS = mostly(AMOUNT, ODD_AMOUNT)
EVENT: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(ReportedEvent.__struct_fields__, IDS),
    "type": st.sampled_from([None, None, "redemption", "reversal", "refund", ""]),
    "reverses": st.none() | IDS,
    "redeemed_at": TIMES,
    "reward_value": AMOUNTS,
    "order_value": AMOUNTS,
    "currency": mostly(CURRENCY, ODD_CURRENCY),
    "metadata": st.none() | JSON,
}
ASSIGNMENT: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(ReportedAssignment.__struct_fields__, IDS),
    "assigned_at": TIMES,
    "expires_at": TIMES,
    "channels": st.none() | st.lists(USUAL_ID) | st.lists(ODD_ID),
    "reward_value": AMOUNTS,
    "currency": mostly(CURRENCY, ODD_CURRENCY),
    "max_redemptions": st.none() | st.integers(-1, 3) | st.just(2**31),
    "control": st.none() | st.booleans(),
    "attributes": st.none() | JSON,
}
REDEMPTION: dict[str, Any] = {
    "event_id": "e-1",
    "promotion_id": "summer",
    "customer_id": "c-1",
    "redeemed_at": "2026-11-23T10:15:00Z",
}
GIVEN: dict[str, Any] = {
    "promotion_id": "summer",
    "customer_id": "c-1",
    "assigned_at": "2026-11-20T08:00:00Z",
}


@st.composite
def batch(draw: st.DrawFn, fields: dict[str, st.SearchStrategy[Any]], sound: dict[str, Any]) -> Any:
    """Records of one batch: sound ones, in which some columns are filled with whatever is drawn."""
    count = draw(st.integers(0, 12))
    names = draw(st.sets(st.sampled_from(sorted(fields))))
    columns = {
        name: draw(st.lists(fields[name], min_size=count, max_size=count)) for name in sorted(names)
    }
    return [sound | {name: column[row] for name, column in columns.items()} for row in range(count)]


@given(batch(EVENT, REDEMPTION))
@settings(max_examples=400)
def test_events_at_once_are_what_each_is_alone(records: list[dict[str, Any]]) -> None:
    reported = [ReportedEvent(**record) for record in records]
    clocks = {"received_us": NOW_US, "tracking_from_us": TRACKING_US}
    assert events_from(reported, **clocks) == [event_from(one, **clocks) for one in reported]


@given(batch(ASSIGNMENT, GIVEN))
@settings(max_examples=400)
def test_assignments_at_once_are_what_each_is_alone(records: list[dict[str, Any]]) -> None:
    reported = [ReportedAssignment(**record) for record in records]
    alone = [assignment_from(one, received_us=NOW_US) for one in reported]
    assert assignments_from(reported, received_us=NOW_US) == alone


@given(batch(EVENT, REDEMPTION))
def test_an_amount_may_be_the_text_it_was_written_as(records: list[dict[str, Any]]) -> None:
    """Nothing is taken from texts that would not be taken from their decimals, and the facts are equal."""
    reported = [ReportedEvent(**record) for record in records]
    columns = event_columns(reported)
    texts = columns._replace(
        reward_value=[None if value is None else str(value) for value in columns.reward_value]
    )
    clocks = {"received_us": NOW_US, "tracking_from_us": TRACKING_US}
    for fact, one in zip(events_of_columns(texts, **clocks), reported, strict=True):
        assert fact is None or fact == event_from(one, **clocks)


def test_a_common_batch_leaves_no_row_in_doubt() -> None:
    """Else it would be right, and slow."""
    events = [ReportedEvent(**REDEMPTION | {"event_id": f"e-{n}"}) for n in range(2_500)]
    found = events_of_columns(event_columns(events), received_us=NOW_US, tracking_from_us=0)
    assert all(isinstance(fact, Event) for fact in found)
    given = [ReportedAssignment(**GIVEN | {"segment": "new and dear"}) for _ in range(2_500)]
    assert None not in assignments_of_columns(assignment_columns(given), received_us=NOW_US)


def test_a_wrong_event_costs_its_neighbours_nothing() -> None:
    """P2: one bad event among many is refused alone, in its place."""
    reported = [ReportedEvent(**REDEMPTION | {"event_id": f"e-{n}"}) for n in range(1_200)]
    reported[1_100].redeemed_at = "2026-11-23T10:15:00"
    reported[7].customer_id = None
    found = events_from(reported, received_us=NOW_US, tracking_from_us=0)
    wrong = {row: fact.pointer for row, fact in enumerate(found) if isinstance(fact, Rejection)}
    assert wrong == {7: "/customer_id", 1_100: "/redeemed_at"}


@given(st.lists(USUAL_TIME) | st.lists(ODD_TIME) | st.lists(USUAL_TIME | ODD_TIME))
def test_instants_at_once_are_what_each_is_alone_or_none_at_all(texts: list[str]) -> None:
    found = parse_instants(texts)
    assert found is None or found == [parse_instant(text) for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T10:15:00Z",
        "2026-11-23T10:15:00.123Z",
        "2026-11-23T10:15:00.123456+00:00",
        "2026-11-23 11:15:00+01:00",
    ],
)
def test_the_common_forms_of_instants_are_read_at_once(text: str) -> None:
    assert parse_instants([text] * 3) == [parse_instant(text)] * 3
