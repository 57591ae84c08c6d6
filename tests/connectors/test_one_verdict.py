"""One verdict on how instants, amounts and whole numbers are written, in whatever form and company they come."""

from __future__ import annotations

import csv
import io
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promosight.connectors.parquet_columns import ParquetRows
from promosight.connectors.reading import (
    CSV,
    JSON,
    NDJSON,
    Reading,
    parquet_pieces,
    read_body,
)
from promosight.flows.reporting.rejecting import Refused
from promosight.rules.facts import MOST_METADATA, Event

NOW_US = 2_000_000_000_000_000
SOUND = {
    "redemptions": {
        "event_id": "e",
        "promotion_id": "p",
        "customer_id": "c",
        "redeemed_at": "2026-11-23T10:15:00Z",
    },
    "assignments": {
        "promotion_id": "p",
        "customer_id": "c",
        "assigned_at": "2026-11-23T10:15:00Z",
        "assignment_id": "a",
    },
}
PLACES = [
    ("redemptions", "redeemed_at"),
    ("redemptions", "reward_value"),
    ("redemptions", "order_value"),
    ("assignments", "assigned_at"),
    ("assignments", "expires_at"),
    ("assignments", "reward_value"),
]
REFUSED = {
    "instants": [
        "2026-W48-1T10:15:00Z",
        "2026-W48-1T10:15Z",
        "2026-327T10:15:00Z",
        "2026-11-23T10:15Z",
        "2026-11-23T101500Z",
        "20261123T101500Z",
        "2026-11-23T10:15:00,5Z",
        "2026-11-23T10:15:00+01:00:30",
        "2026-11-23T10:15:00",
        "2026-11-23",
        "٢٠٢٦-11-23T10:15:00Z",
        "2026-11-23x10:15:00Z",
        "1795428900",
    ],
    "amounts": [
        "5_0",
        "1_000.00",
        "\u0665",
        "\uff15.00",
        "5,00",
        "0x5",
        "NaN",
        "Infinity",
        "five",
        "5 0",
        "-0.01",
        "-1e9",
        "10000000000",
        "10000000000.000000",
        "1e10",
        "1E+400",
        "9" * 39,
        "9" * 400,
        "9999999999.9999995",
        "0.0000001",
        "1e-7",
        "-Infinity",
        "sNaN",
    ],
}
AT_THE_BOUND = [
    "9999999999.999999",
    "9999999999.9999990",
    "0",
    "-0",
    "1e9",
    "1e-6",
    "99999999.99E2",
]
TAKEN = {
    "instants": [
        "2026-11-23T10:15:00Z",
        "2026-11-23t10:15:00.25z",
        "2026-11-23 11:15:00+01:00",
        "2026-11-23 11:15:00.5+01",
        "2026-11-23T11:15:00+0100",
        "2026-11-23 10:15:00.000001 UTC",
    ],
    "amounts": ["5", "5.00", "0.000001", "5.", ".5", "+5", "1e2", " 5 ", *AT_THE_BOUND],
}
CELLS = st.one_of(
    st.sampled_from([one for many in (*REFUSED.values(), *TAKEN.values()) for one in many]),
    st.from_regex("\\A[0-9\u0665_]{1,4}([.][0-9_]{0,7})?\\Z"),
    st.from_regex(r"\A2026-[0-9W]{2}-[0-9]{1,2}[Tt ][0-9]{2}:?[0-9]{2}(:[0-9]{2})?(Z|[+]01:?)?\Z"),
)


def verdict(items: list[Any]) -> Any:
    """What all of them became: the field that is wrong, or the fact."""
    told = {
        item.rejection.pointer
        if isinstance(item, Refused)
        else repr(msgspec.structs.replace(item, **_unlike(item)))
        for item in items
    }
    (one,) = told
    return one


def _unlike(item: Any) -> dict[str, Any]:
    """What tells rows from each other."""
    if isinstance(item, Event):
        return {"event_id": "", "digest": 0}
    return {"assignment_id": "", "digest": 0, "slot": 0}


def in_every_form(kind: str, field: str, value: str | dict[str, Any], rows: int) -> list[Any]:
    """The verdict on a value in each form, once for each number of rows it comes with."""
    own = "event_id" if kind == "redemptions" else "assignment_id"
    records = [{**SOUND[kind], field: value, own: f"{own}-{row}"} for row in range(rows)]
    cell = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    cells = [one | {field: cell} for one in records]
    table = io.StringIO()
    writer = csv.DictWriter(table, list(cells[0]))
    writer.writeheader()
    writer.writerows(cells)
    columns = [(name, "VARCHAR") for name in cells[0]]
    parquet = ParquetRows(columns, [tuple(one.values()) for one in cells])
    bodies = {
        JSON: msgspec.json.encode(records if rows > 1 else records[0]),
        NDJSON: b"\n".join(map(msgspec.json.encode, records)),
        CSV: table.getvalue().encode(),
    }
    found = [
        verdict([*read_body(kind, form, body, Reading(NOW_US, 0))]) for form, body in bodies.items()
    ]
    (piece,) = parquet_pieces(kind, [parquet], Reading(NOW_US, 0))
    return [*found, verdict([*piece.items])]


def of(field: str) -> str:
    return "instants" if field.endswith("_at") else "amounts"


@pytest.mark.parametrize(("kind", "field"), PLACES)
@pytest.mark.parametrize("rows", [1, 3, 450])
def test_what_only_python_reads_is_refused_by_its_field(kind: str, field: str, rows: int) -> None:
    """S14, P2: `5_0` is no amount and a week no instant, alone or among hundreds."""
    for cell in REFUSED[of(field)]:
        assert set(in_every_form(kind, field, cell, rows)) == {f"/{field}"}, cell


@pytest.mark.parametrize(("kind", "field"), PLACES)
@pytest.mark.parametrize("rows", [1, 3, 450])
def test_what_may_be_written_is_the_same_fact_in_every_form(
    kind: str, field: str, rows: int
) -> None:
    """S14."""
    for cell in TAKEN[of(field)]:
        (one,) = set(in_every_form(kind, field, cell, rows))
        assert one != f"/{field}", cell


@pytest.mark.parametrize(
    ("kind", "field"), [("redemptions", "metadata"), ("assignments", "attributes")]
)
@pytest.mark.parametrize("rows", [1, 3, 40])
def test_what_is_noted_beside_is_bounded_alike_in_every_form(
    kind: str, field: str, rows: int
) -> None:
    """P16: a fact is kept for ever, and with it what its source noted."""
    room = MOST_METADATA - len('{"note":""}')
    (taken,) = set(in_every_form(kind, field, {"note": "x" * room}, rows))
    assert taken != f"/{field}"
    assert set(in_every_form(kind, field, {"note": "x" * (room + 1)}, rows)) == {f"/{field}"}


@given(st.sampled_from(PLACES), CELLS, st.sampled_from([1, 2, 40]))
def test_every_form_has_the_same_verdict(place: tuple[str, str], cell: str, rows: int) -> None:
    """S14: whatever is written, and however it is sent."""
    if cell.strip():
        assert len(set(in_every_form(*place, cell, rows))) == 1


@pytest.mark.parametrize(
    ("number", "micros"),
    [
        (b"9999999999.999999", 9_999_999_999_999_999),
        (b"1e9", 10**15),
        (b"0e400", 0),
        (b"-0", 0),
        (b"5." + b"0" * 60, 5_000_000),
        (b"10000000000", None),
        (b"1e10", None),
        (b"9999999999.9999995", None),
        (b"1e-7", None),
        (b"-0.01", None),
        (b"9" * 400, None),
        (b"1e9999999999999999999", None),
        (b"0e9999999999999999999", None),
    ],
)
@pytest.mark.parametrize("rows", [1, 3, 700])
def test_numbers_are_amounts_as_their_texts_are(
    number: bytes, micros: int | None, rows: int
) -> None:
    """S24: a JSON number is never a float on its way."""
    sound = msgspec.json.encode(SOUND["redemptions"])[:-1]
    records = [sound + b', "order_value": ' + number + b"}"] * rows
    for form, body in ((JSON, b"[" + b",".join(records) + b"]"), (NDJSON, b"\n".join(records))):
        for item in read_body("redemptions", form, body, Reading(NOW_US, 0)):
            if isinstance(item, Refused):
                assert (micros, item.rejection.pointer) == (None, "/order_value")
            else:
                assert isinstance(item, Event)
                assert item.order_micros == micros


@pytest.mark.parametrize(
    "beside", [b'"\xff"', b"1e999", b"9" * 400, b'{"\xed\xa0\x80": 1}', b"[[[]]]"]
)
@pytest.mark.parametrize("amount", [b'"5_0"', b'"5.00"', b"5.00", b"null", b'"\\u0035"'])
def test_what_nobody_reads_beside_an_amount_makes_no_door_stumble(
    beside: bytes, amount: bytes
) -> None:
    """P2: fields without a name here are passed over, whatever is in them."""
    sound = msgspec.json.encode(SOUND["redemptions"])[:-1]
    text = sound + b', "reward_value": ' + amount + b', "note": ' + beside + b', "till_value": "_"}'
    for form, body in ((JSON, text), (JSON, b"[" + text + b"," + text + b"]"), (NDJSON, text)):
        for item in read_body("redemptions", form, body, Reading(NOW_US, 0)):
            assert isinstance(item, Refused) == (amount == b'"5_0"'), item
