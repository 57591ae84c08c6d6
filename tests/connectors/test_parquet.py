"""Rows of Parquet become facts as columns; the JSON objects they stand for say what those must be."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promosight.connectors.definitions import read_ndjson
from promosight.connectors.opening import opened, parquet_parts
from promosight.connectors.parquet_columns import INSTANT, ParquetRows, json_of_fact, json_of_row
from promosight.connectors.reading import Reading, _element, _named, parquet_pieces
from promosight.errors import Unreadable
from promosight.flows.promotions.define_promotions import NamedPromotion
from promosight.flows.reporting.rejecting import Refused
from promosight.rules.facts import Assignment, Event

NOON_US = 1_793_707_200_000_000
TEXTS = st.sampled_from(["a", "b-1", "", " x ", "Grüße", "2026-11-03T12:00:00Z", "5.00"])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "VARCHAR": TEXTS,
    INSTANT: st.sampled_from([NOON_US, NOON_US + 1, -1]),
    "TIMESTAMP": st.just(datetime(2026, 11, 3, 12)),  # noqa: DTZ001 - files hold such
    "DATE": st.just(date(2026, 11, 3)),
    "DECIMAL(12,2)": st.sampled_from([Decimal("5.00"), Decimal("-1.00"), Decimal("0.10")]),
    "DOUBLE": st.sampled_from([5.0, 0.1, float("nan"), float("inf"), -2.5, 1e20]),
    "BIGINT": st.sampled_from([0, 1, 5, -1, 2**40]),
    "HUGEINT": st.just(10**30),
    "BOOLEAN": st.booleans(),
    "VARCHAR[]": st.lists(TEXTS, max_size=2),
    "JSON": st.sampled_from(['{"a":1.5}', "null", "[1]", "{}"]),
    "STRUCT(a INTEGER)": st.just({"a": 1}),
}
SOUND: dict[str, list[tuple[str, str, Any]]] = {
    "redemptions": [
        ("promotion_id", "VARCHAR", "p"),
        ("customer_id", "VARCHAR", "c"),
        ("redeemed_at", INSTANT, NOON_US),
    ],
    "assignments": [
        ("promotion_id", "VARCHAR", "p"),
        ("customer_id", "VARCHAR", "c"),
        ("assigned_at", INSTANT, NOON_US),
    ],
}
MORE = {
    "redemptions": ["event_id", "type", "redeemed_at", "reward_value", "order_value", "metadata"],
    "assignments": [
        "assigned_at",
        "expires_at",
        "reward_value",
        "channels",
        "control",
        "attributes",
    ],
}


@st.composite
def parts(draw: st.DrawFn, kind: str) -> ParquetRows:
    """Rows of sound columns, some replaced or joined by columns of whatever type."""
    count = draw(st.integers(1, 5))
    names = draw(st.sets(st.sampled_from((*MORE[kind], "till", "note")), max_size=3))
    columns = [(name, type_) for name, type_, _ in SOUND[kind] if name not in names]
    values = [[value] * count for name, _, value in SOUND[kind] if name not in names]
    for name in sorted(names):
        type_ = draw(st.sampled_from(sorted(VALUES)))
        columns.append((name, type_))
        cells = st.none() | VALUES[type_]
        values.append(draw(st.lists(cells, min_size=count, max_size=count)))
    return ParquetRows(columns, [*zip(*values, strict=True)])


@given(st.data(), st.sampled_from(["redemptions", "assignments"]))
def test_rows_read_together_are_what_each_is_as_json(data: st.DataObject, kind: str) -> None:
    part = data.draw(parts(kind))
    reading = Reading(2_000_000_000_000_000, 0)
    wanted = [
        _element(kind, json_of_fact(kind, part, row), reading, line=row + 1)
        for row in range(len(part.rows))
    ]
    (piece,) = parquet_pieces(kind, [part], Reading(2_000_000_000_000_000, 0))
    assert [*piece.items] == _named(wanted, reading)
    assert [*piece.lines] == [*range(1, len(part.rows) + 1)]


def test_ids_that_a_tool_took_for_numbers_are_the_text_they_are_written_as(tmp_path: Path) -> None:
    """P22: a table of digits comes out of data tools with whole numbers in it."""
    import duckdb

    file = tmp_path / "typed.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT 7 AS event_id, 1::TINYINT AS promotion_id, 42::BIGINT AS customer_id, "
            "2027 AS campaign_id, 5 AS promo_code, "
            f"TIMESTAMPTZ '2026-11-03 12:00:00Z' AS redeemed_at, 3 AS reward_value) TO '{file}' "
            "(FORMAT parquet)"
        )
    with opened(str(file), io.BytesIO()) as source:
        (piece,) = parquet_pieces("redemptions", parquet_parts(source, 9), Reading(NOON_US, 0))
    (event,) = piece.items
    assert isinstance(event, Event)
    assert (event.event_id, event.promotion_id, event.customer_id) == ("7", "1", "42")
    assert (event.campaign_id, event.promo_code, event.reward_micros) == ("2027", "5", 3_000_000)


def test_columns_that_have_no_field_are_kept_as_those_of_csv_are(tmp_path: Path) -> None:
    """P1, P22: in the metadata of a redemption, the attributes of an assignment, beside what these hold already."""
    import duckdb

    file = tmp_path / "more.parquet"
    for kind, at, holder in (
        ("redemptions", "redeemed_at", "metadata"),
        ("assignments", "assigned_at", "attributes"),
    ):
        with duckdb.connect() as connection:
            connection.execute(
                "COPY (SELECT 'e' AS event_id, 'p' AS promotion_id, 'c' AS customer_id, 'crm' AS team, "
                f"TIMESTAMPTZ '2026-11-03 12:00:00Z' AS {at}, 7 AS till, true AS vip, '' AS note, "
                f"NULL::INTEGER AS gone, '{{\"a\":1}}' AS {holder}, DATE '2026-11-02' AS printed_on, "
                f"TIMESTAMPTZ '2026-11-01 12:00:00Z' AS seen_at) TO '{file}' (FORMAT parquet)"
            )
        with opened(str(file), io.BytesIO()) as source:
            (piece,) = parquet_pieces(kind, parquet_parts(source, 9), Reading(NOON_US, 0))
        (fact,) = piece.items
        if isinstance(fact, Event):
            told = msgspec.json.decode(fact.metadata or "")
        else:
            assert isinstance(fact, Assignment)
            told = msgspec.json.decode(fact.details or "")["attributes"]
            assert told.pop("event_id") == "e"
        assert told == {
            "a": 1,
            "team": "crm",
            "till": 7,
            "vip": True,
            "printed_on": "2026-11-02",
            "seen_at": "2026-11-01T12:00:00Z",
        }


@pytest.mark.parametrize(("value", "told"), [(5, "5"), (2.5, "2.5"), ("2.50", "2.50")])
def test_a_promotion_of_typed_columns_has_the_reward_that_they_tell(value: Any, told: str) -> None:
    """P22."""
    columns = [("promotion_id", "VARCHAR"), ("name", "VARCHAR"), ("reward_value", "BIGINT")]
    row = json_of_row(ParquetRows(columns, [("p", "Tea", value)]), 0)
    (promotion,) = read_ndjson("promotions", [row])
    assert isinstance(promotion, NamedPromotion)
    assert promotion.definition.reward.value == told


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_file_of_typed_columns_is_read_as_it_means(tmp_path: Path, size: int) -> None:
    """P22: instants with their zone, exact decimals, and JSON in text, in parts of any size."""
    import duckdb

    file = tmp_path / "it's.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT 'e' || n AS event_id, 'p' AS promotion_id, 'c' AS customer_id, "
            "TIMESTAMPTZ '2026-11-03 13:00:00+01' AS redeemed_at, 5.10::DECIMAL(9,2) AS reward_value, "
            "0.1::DOUBLE AS order_value, '{\"till\": 7}' AS metadata FROM range(3) AS t(n)) "
            f"TO '{str(file).replace(chr(39), chr(39) * 2)}' (FORMAT parquet)"
        )
    now_us = int(datetime(2026, 11, 4, tzinfo=UTC).timestamp()) * 1_000_000
    with opened(str(file), io.BytesIO()) as source:
        pieces = parquet_pieces("redemptions", parquet_parts(source, size), Reading(now_us, 0))
        events = [event for piece in pieces for event in piece.items]
        assert source.bytes_read == source.total
    assert [event.event_id for event in events] == ["e0", "e1", "e2"]
    for event in events:
        assert isinstance(event, Event)
        assert (event.redeemed_us, event.reward_micros) == (NOON_US, 5_100_000)
        assert (event.order_micros, event.metadata) == (100_000, '{"till":7}')


def rows_of(tmp_path: Path, kind: str, selected: str) -> list[Any]:
    """What the rows of a file with these columns become."""
    import duckdb

    file = tmp_path / "rows.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT {selected}) TO '{file}' (FORMAT parquet)")
    now_us = int(datetime(2026, 11, 4, tzinfo=UTC).timestamp()) * 1_000_000
    with opened(str(file), io.BytesIO()) as source:
        pieces = parquet_pieces(kind, parquet_parts(source, 9), Reading(now_us, 0))
        return [item for piece in pieces for item in piece.items]


REDEEMED = "'e' AS event_id, 'p' AS promotion_id, 'c' AS customer_id, '2026-11-03T12:00:00Z' AS redeemed_at"
ASSIGNED = "'p' AS promotion_id, 'c' AS customer_id, '2026-11-03T12:00:00Z' AS assigned_at"


@pytest.mark.parametrize("type_", ["FLOAT", "DOUBLE"])
def test_amounts_of_floating_point_are_the_numbers_that_were_meant(
    tmp_path: Path, type_: str
) -> None:
    """P22: 5.1 is no 5.099999904632568, and NaN is how tools write that nothing is there."""
    (event,) = rows_of(
        tmp_path,
        "redemptions",
        f"{REDEEMED}, 5.1::{type_} AS reward_value, 'nan'::{type_} AS order_value",
    )
    assert (event.reward_micros, event.order_micros) == (5_100_000, None)


def test_an_infinite_amount_is_refused_and_not_taken_for_none(tmp_path: Path) -> None:
    """P2."""
    (refused,) = rows_of(tmp_path, "redemptions", f"{REDEEMED}, 'inf'::DOUBLE AS reward_value")
    assert isinstance(refused, Refused)
    assert (refused.rejection.reason, refused.rejection.pointer) == ("invalid", "/reward_value")


@pytest.mark.parametrize(("value", "taken"), [("2.0", 2), ("'nan'", None)])
def test_whole_numbers_that_a_tool_keeps_as_floating_point_are_whole(
    tmp_path: Path, value: str, taken: int | None
) -> None:
    """P22: as it does with columns of which some cells are empty."""
    (assignment,) = rows_of(
        tmp_path, "assignments", f"{ASSIGNED}, {value}::DOUBLE AS max_redemptions"
    )
    assert assignment.max_redemptions == taken
    (refused,) = rows_of(tmp_path, "assignments", f"{ASSIGNED}, 1.5::DOUBLE AS max_redemptions")
    assert refused.rejection.pointer == "/max_redemptions"


def test_text_of_a_file_that_does_not_say_that_it_is_text_is_text(tmp_path: Path) -> None:
    """P22: some writers leave the types of their columns open; what is no text stays no id of anybody."""
    texts = "'e'::BLOB AS event_id, 'p'::BLOB AS promotion_id, encode('Zoë') AS customer_id"
    when = "'2026-11-03T12:00:00Z'::BLOB AS redeemed_at, '5.00'::BLOB AS reward_value"
    (event,) = rows_of(
        tmp_path, "redemptions", f"{texts}, {when}, '{{\"till\": 7}}'::BLOB AS metadata"
    )
    assert (event.event_id, event.promotion_id, event.customer_id) == ("e", "p", "Zoë")
    assert (event.redeemed_us, event.reward_micros) == (NOON_US, 5_000_000)
    assert event.metadata == '{"till":7}'


def test_what_is_noted_beside_an_event_may_hold_instants(tmp_path: Path) -> None:
    """P22: in a structure of its own."""
    noted = "{'till': 7, 'seen': TIMESTAMPTZ '2026-11-03 12:00:00Z'} AS metadata"
    (event,) = rows_of(tmp_path, "redemptions", f"{REDEEMED}, {noted}")
    assert isinstance(event, Event)
    assert '"till":7' in (event.metadata or "")


def test_a_column_written_otherwise_is_told_what_was_meant(tmp_path: Path) -> None:
    """P22: databases that write names in capitals hand them on so."""
    named = "'e' AS EVENT_ID, 'p' AS promotion_id, 'c' AS customer_id"
    with pytest.raises(Unreadable, match="names EVENT_ID; the column is called event_id"):
        rows_of(tmp_path, "redemptions", f"{named}, '2026-11-03T12:00:00Z' AS redeemed_at")
