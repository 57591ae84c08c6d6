"""Reading bodies and files: each element becomes a fact or a refusal that keeps it, and none costs its neighbours."""

from __future__ import annotations

import csv
import io
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosight.connectors.csv_rows import CsvPart, csv_parts
from promosight.connectors.elements import MAX_DEPTH, depth, split_array
from promosight.connectors.opening import text_lines
from promosight.connectors.reading import (
    CSV,
    JSON,
    MAX_EVENTS,
    NDJSON,
    Laborious,
    Reading,
    _element,
    _from_row,
    _named,
    is_single,
    read_body,
)
from promosight.errors import TooLarge, Unreadable, UnsupportedMedia
from promosight.flows.reporting.rejecting import Refused
from promosight.rules.facts import Assignment, Event
from promosight.rules.reported import ReportedAssignment, ReportedEvent

GOOD = {
    "event_id": "e1",
    "promotion_id": "p",
    "customer_id": "c",
    "redeemed_at": "2026-11-03T12:00:00Z",
}
WITHOUT_ID = {name: value for name, value in GOOD.items() if name != "event_id"}


def read(body: bytes, content_type: str = JSON, kind: str = "redemptions") -> list[Any]:
    return [*read_body(kind, content_type, body, Reading(2_000_000_000_000_000, 0))]


def encoded(*records: Any) -> bytes:
    return msgspec.json.encode(list(records))


def verdicts(items: list[Any]) -> list[str]:
    return [item.rejection.pointer if isinstance(item, Refused) else "taken" for item in items]


def test_an_array_gives_a_fact_for_each_element() -> None:
    items = read(encoded(GOOD, {**GOOD, "event_id": "e2"}))
    assert [item.event_id for item in items] == ["e1", "e2"]
    assert all(isinstance(item, Event) for item in items)


@pytest.mark.parametrize(
    ("element", "pointer"),
    [
        (b"5", ""),
        (b"null", ""),
        (b'"text"', ""),
        (b"[]", ""),
        (b'{"event_id": 5}', "/event_id"),
        (b'{"event_id": "x", "metadata": [1]}', "/metadata"),
        (b'{"event_id": "x", "metadata": {"n": 1e400}}', "/metadata"),
        (b'{"event_id": "x", "reward_value": true}', "/reward_value"),
        (b'{"event_id": "half \\ud800 pair"}', ""),
        (b'{"event_id": "\xff"}', ""),
        (b'{"event_id": "nul \\u0000"}', "/event_id"),
        (b'{"metadata": ' + b'{"a":' * 5_000 + b"1" + b"}" * 5_001, ""),
        (b'{"metadata": ' + b'{"a":' * 100 + b"1" + b"}" * 101, "/metadata"),
    ],
)
def test_a_bad_element_names_its_field_and_spares_its_neighbours(
    element: bytes, pointer: str
) -> None:
    """P2: one bad event never fails its neighbours, however bad it is."""
    good = msgspec.json.encode(GOOD)
    items = read(b"[" + good + b"," + element + b"," + good + b"]")
    assert verdicts(items) == ["taken", pointer, "taken"]
    assert items[1].rejection.reason == "invalid"
    assert items[1].payload


def test_a_refusal_keeps_what_was_sent() -> None:
    wrong = {**GOOD, "redeemed_at": "2026-11-03T12:00:00", "till": 7}
    (refused,) = read(encoded(wrong))
    assert msgspec.json.decode(refused.payload) == wrong
    assert (refused.rejection.pointer, refused.event_id) == ("/redeemed_at", "e1")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b'"text"',
        b"{",
        b"[",
        b"[" * 100_000,
        b'[{"event_id": "x",}]',
        b'[{"event_id": NaN}]',
        b"[1] 2",
        b'{"a": 1} {"b": 2}',
        b"\xff\xfe",
    ],
)
def test_a_body_that_is_not_json_is_unreadable_as_a_whole(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(body)


@pytest.mark.parametrize(
    ("number", "micros"),
    [(b"0.1", 100_000), (b"123456789.123456", 123_456_789_123_456), (b'"5.00"', 5_000_000)],
)
def test_money_is_read_exactly_as_written(number: bytes, micros: int) -> None:
    body = msgspec.json.encode(GOOD)[:-1] + b', "reward_value": ' + number + b"}"
    (event,) = read(body)
    assert event.reward_micros == micros


@pytest.mark.parametrize("number", [b'"NaN"', b'"Infinity"', b"1e30", b'"1,50"', b"0.0000001"])
def test_what_is_no_amount_of_money_is_refused(number: bytes) -> None:
    body = msgspec.json.encode(GOOD)[:-1] + b', "reward_value": ' + number + b"}"
    assert verdicts(read(body)) == ["/reward_value"]


def test_only_a_json_object_is_single() -> None:
    assert is_single(JSON, b" {}")
    assert not is_single(JSON, b" [{}]")
    assert not is_single(NDJSON, b"{}")


def test_more_events_than_a_request_may_carry_are_too_large() -> None:
    """P1: 10,000 events in one request and not one more, in every form."""
    events = [{**GOOD, "event_id": str(n)} for n in range(MAX_EVENTS + 1)]
    lines = b"\n".join(msgspec.json.encode(event) for event in events)
    table = "\n".join(["event_id,promotion_id", *(f"{n},p" for n in range(MAX_EVENTS + 1))])
    for content_type, body in ((JSON, encoded(*events)), (NDJSON, lines), (CSV, table.encode())):
        with pytest.raises(TooLarge):
            read(body, content_type)
    assert len(read(encoded(*events[:-1]))) == MAX_EVENTS


def test_a_bad_line_of_ndjson_is_refused_with_its_number() -> None:
    lines = msgspec.json.encode(GOOD)
    items = read(lines + b"\n\n{oops\n" + lines, NDJSON)
    assert [isinstance(item, Event) for item in items] == [True, False, True]
    assert (items[1].line, items[1].payload) == (3, "{oops")


def test_rows_without_an_id_get_one_from_their_content_and_ordinal() -> None:
    """A file sent again gives the same ids; equal rows stay as many as they are."""
    line = msgspec.json.encode(WITHOUT_ID) + b"\n"
    ids = [item.event_id for item in read(line * 3, NDJSON)]
    assert len(set(ids)) == 3
    assert ids == [item.event_id for item in read(line * 3, NDJSON)]
    table = ",".join(WITHOUT_ID) + "\n" + (",".join(WITHOUT_ID.values()) + "\n") * 3
    assert ids == [item.event_id for item in read(table.encode(), CSV)]
    assert verdicts(read(encoded(WITHOUT_ID))) == ["/event_id"]


def test_an_empty_id_beside_a_missing_one_is_refused_and_not_derived() -> None:
    lines = encoded(WITHOUT_ID)[1:-1] + b"\n" + encoded({**GOOD, "event_id": ""})[1:-1]
    assert verdicts(read(lines, NDJSON)) == ["taken", "/event_id"]


def test_csv_takes_unknown_columns_as_metadata_and_empty_cells_as_absent() -> None:
    table = b"\xef\xbb\xbfevent_id, customer_id ,promotion_id,redeemed_at,till,channel\r\n"
    (event,) = read(table + b'e1,"c",p,2026-11-03T12:00:00Z,7,\r\n,,,,,\r\n', CSV)
    assert msgspec.json.decode(event.metadata) == {"till": "7"}
    assert (event.customer_id, event.channel) == ("c", None)


def test_an_empty_object_is_the_same_content_in_every_form() -> None:
    """S14: told again as CSV, what came as JSON is a duplicate and no conflict."""
    fields = {"event_id": "e", "promotion_id": "p", "customer_id": "c"}
    fields["redeemed_at"] = "2026-11-03T12:00:00Z"
    table = ",".join([*fields, "metadata"]) + "\n" + ",".join([*fields.values(), "{}"])
    for told in (table.encode(), table.replace("metadata", "metadata,till").encode() + b","):
        (event,) = read(told, CSV)
        assert event == read(encoded(fields | {"metadata": {}}), JSON)[0]


def test_csv_assignments_have_numbers_lists_and_yes_or_no() -> None:
    table = (
        "promotion_id,customer_id,assigned_at,control,max_redemptions,channels,vip\n"
        "p,null,2026-11-03T12:00:00Z,TRUE,2,mail|push,x\n"
        "p,c,2026-11-03T12:00:00Z,maybe,,,\n"
        "p,c,2026-11-03T12:00:00Z,,two,,\n"
    )
    items = read(table.encode(), CSV, "assignments")
    assert verdicts(items) == ["taken", "/control", "/max_redemptions"]
    first = items[0]
    assert isinstance(first, Assignment)
    assert (first.customer_id, first.control, first.max_redemptions) == ("null", True, 2)
    assert first.channels == ("mail", "push")


def test_a_quote_never_closed_costs_its_own_line_only() -> None:
    """P2: a wrong CSV row is refused with its line number, and the rows behind it are read."""
    header = "event_id,promotion_id,customer_id,redeemed_at\n"
    rows = 'e1,p,c,2026-11-03T12:00:00Z\ne2,"p,c\ne3,p,c,2026-11-03T12:00:00Z\ne4,p,c,d,e,f\n'
    items = read((header + rows).encode(), CSV)
    assert verdicts(items) == ["taken", "", "taken", ""]
    assert [(items[n].line, items[n].payload.strip()[:4]) for n in (1, 3)] == [
        (3, 'e2,"'),
        (5, '["e4'),
    ]


def test_a_quoted_cell_may_hold_line_ends() -> None:
    table = (
        'event_id,promotion_id,customer_id,redeemed_at,note\ne1,p,c,2026-11-03T12:00:00Z,"a\nb"\n'
    )
    (event,) = read(table.encode(), CSV)
    assert msgspec.json.decode(event.metadata) == {"note": "a\nb"}


@pytest.mark.parametrize("before", ["", "\n", "\r\n\r\n", " \t\n,,,\n", "\n" * 9_000_000])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_blank_lines_before_a_header_are_passed_over_and_counted(before: str, mark: bytes) -> None:
    """P1: as tools write them above a table; what is wrong below still names its line."""
    rows = (
        "event_id,promotion_id,customer_id,redeemed_at\ne1,p,c,2026-11-03T12:00:00Z\ne2,p,c,then\n"
    )
    items = read(mark + (before + rows).encode(), CSV)
    assert verdicts(items) == ["taken", "/redeemed_at"]
    assert items[1].line == before.count("\n") + 3


def test_a_file_of_blank_lines_has_no_header() -> None:
    for body in (b"\n\n", b" \t\r\n ", b"\xef\xbb\xbf\n", b',,\n"",""\n'):
        with pytest.raises(Unreadable, match="header row"):
            read(body, CSV)


@pytest.mark.parametrize("body", [b"", b"a,b\n1,2\n", b"\xff\xfe", b"event_id,event_id\n", b'"\n'])
def test_a_csv_without_a_header_we_know_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(body, CSV)


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("Event ID,promotion_id,customer_id", "names Event ID; the column is called event_id"),
        (
            "event_id,promotionId,customer_id",
            "names promotionId; the column is called promotion_id",
        ),
        ("event_id;promotion_id;customer_id", "cells are parted by commas"),
    ],
)
def test_a_header_written_otherwise_is_told_what_was_meant(header: str, told: str) -> None:
    """P2: or each row would be named by its content, and its id be noted beside it."""
    with pytest.raises(Unreadable, match=told):
        read(f"{header}\na,b,c\n".encode(), CSV)


def test_a_column_like_one_that_is_there_is_a_column_of_its_own() -> None:
    table = (
        "event_id,promotion_id,customer_id,redeemed_at,Channel,channel\n"
        "e1,p,c,2026-11-03T12:00:00Z,7,web\n"
    )
    (event,) = read(table.encode(), CSV)
    assert (event.channel, event.metadata) == ("web", '{"Channel":"7"}')


def test_other_media_are_not_taken() -> None:
    with pytest.raises(UnsupportedMedia):
        read(b"", "text/plain")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.lists(JSON_VALUES), st.sampled_from(["", " ", "\n\t"]))
def test_an_array_is_split_into_its_elements_whatever_they_are(
    values: list[Any], space: str
) -> None:
    texts = [msgspec.json.encode(value) for value in values]
    gap = space.encode()
    bad = b'"\\ud800"'
    for more in ([], [bad]):  # half a surrogate pair makes the slow splitter do it
        body = gap + b"[" + (gap + b"," + gap).join([*texts, *more]) + gap + b"]" + gap
        assert split_array(body, 1_000) == [*texts, *more]


@given(st.binary(max_size=200))
def test_no_body_makes_a_reader_stumble(body: bytes) -> None:
    """Whatever is sent, the answer is facts, refusals, or one of the errors that doors know."""
    for content_type in (JSON, NDJSON, CSV):
        for kind in ("redemptions", "assignments"):
            try:
                items = read(body, content_type, kind)
            except Unreadable:
                continue
            assert all(isinstance(item, Event | Assignment | Refused) for item in items)


def test_depth_is_counted_by_brackets_outside_of_text() -> None:
    assert depth(b'{"a": [1, {"b": "]]]"}]}') == 3
    assert depth(b"[" * (MAX_DEPTH + 1)) > MAX_DEPTH
    started = time.process_time()
    depth(b'\\"' * 500_000 + b'"')
    assert time.process_time() - started < 5  # one pass, however many quotes are left open


TEXTS = st.sampled_from(
    ["", " ", "a", "b-1", "Grüße", " x ", "x" * 256, "a\0", "5.00", "1e2", "-1"]
)
TIMES = st.sampled_from(
    ["2026-11-03T12:00:00Z", "2026-11-03T12:00:00", "2026-11-03 13:00:00+01:00"]
)
NUMBERS = st.sampled_from([5, 5.5, 0.1, -1, True, 10**30, 1e300, 123456789.123456])
SCALARS = st.none() | TEXTS | TIMES | NUMBERS
OBJECTS = st.sampled_from([{}, {"a": 1.5}, {"b": [1], "a": {"c": None}}])
NAMES = {
    "redemptions": (*ReportedEvent.__struct_fields__, "till"),
    "assignments": (*ReportedAssignment.__struct_fields__, "till"),
}
SOUND = {
    "redemptions": WITHOUT_ID,
    "assignments": {"promotion_id": "p", "customer_id": "c", "assigned_at": "2026-11-03T12:00:00Z"},
}
KINDS = st.sampled_from(["redemptions", "assignments"])


@st.composite
def records(draw: st.DrawFn, kind: str, values: st.SearchStrategy[Any]) -> list[dict[str, Any]]:
    """Records of a kind: sound ones, in which a few fields hold whatever is drawn."""
    changes = st.dictionaries(st.sampled_from(NAMES[kind]), values, max_size=3)
    return [SOUND[kind] | change for change in draw(st.lists(changes, max_size=8))]


def alone(kind: str, record: dict[str, Any], reading: Reading) -> Any:
    """What the reader of single elements makes of a record in a line of its own."""
    return _named([_element(kind, msgspec.json.encode(record), reading, line=1)], reading)[0]


@given(st.data(), KINDS)
@settings(max_examples=300)
def test_elements_read_together_are_what_each_is_alone(data: st.DataObject, kind: str) -> None:
    """The quick way and the careful one agree, on facts and on refusals, word for word."""
    values = SCALARS | OBJECTS | st.lists(SCALARS, max_size=2)
    given_records = data.draw(records(kind, values))
    reading = Reading(2_000_000_000_000_000, 0)
    wanted = [alone(kind, record, reading) for record in given_records]
    lines = b"\n".join(map(msgspec.json.encode, given_records))
    assert [_without_line(item) for item in read(lines, NDJSON, kind)] == [
        _without_line(item) for item in wanted
    ]
    singly = [read(msgspec.json.encode(record), JSON, kind)[0] for record in given_records]
    assert read(encoded(*given_records), JSON, kind) == singly


@given(st.data(), KINDS)
@settings(max_examples=300)
def test_rows_of_csv_read_together_are_what_each_is_alone(data: st.DataObject, kind: str) -> None:
    """Cells become columns or one record each: the same facts, the same refusals."""
    cells = TEXTS | TIMES | st.sampled_from(["yes", "no", "2", "a|b", '{"a":1}', "{}", "[1]", "{"])
    given_records = data.draw(records(kind, cells))
    header = data.draw(st.permutations(NAMES[kind]))
    rows = [[str(record.get(name, "")) for name in header] for record in given_records]
    rows += data.draw(st.lists(st.lists(TEXTS, max_size=len(header) + 1), max_size=2))
    rows = [row for row in rows if any(row)]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, *rows])
    reading = Reading(2_000_000_000_000_000, 0)
    part = CsvPart(range(2, len(rows) + 2), rows, {})
    wanted = [_from_row(kind, header, part, row, reading) for row in range(len(rows))]
    found = read(text.getvalue().encode(), CSV, kind)
    assert found == _named(wanted, reading)


@pytest.mark.parametrize("content_type", [JSON, NDJSON, CSV])
def test_only_so_many_rows_may_be_read_alone_where_somebody_waits(content_type: str) -> None:
    """What is plain costs no leave; rows in doubt do, and so does an array that is not read at once."""
    rows = [{**GOOD, "event_id": f"e{n}"} for n in range(1_200)]
    doubtful = [{**GOOD, "redeemed_at": f"then {n}"} for n in range(3)]
    for given_rows, leave, goes in (
        (rows, 0, True),
        (rows + doubtful, 3, True),
        (doubtful, 2, False),
    ):
        body = encoded(*given_rows)
        if content_type == NDJSON:
            body = b"\n".join(map(msgspec.json.encode, given_rows))
        elif content_type == CSV:
            body = "\n".join(
                map(",".join, [list(GOOD), *(r.values() for r in given_rows)])
            ).encode()
        reading = Reading(2_000_000_000_000_000, 0, leave=leave)
        if goes:
            assert [*read_body("redemptions", content_type, body, reading)] == read(
                body, content_type
            )
        else:
            with pytest.raises(Laborious):
                read_body("redemptions", content_type, body, reading)
    with pytest.raises(Laborious):
        read_body("redemptions", JSON, b'[{"event_id": 1}, 2, {]', Reading(0, 0, leave=500))


def _without_line(item: Any) -> Any:
    return msgspec.structs.replace(item, line=None) if isinstance(item, Refused) else item


@pytest.mark.parametrize(
    "lines",
    [
        b'{"a":1}{"b":2}\n{"c":\n1}',
        b'{"a":[{}\n{}]}',
        b'{"a":"{}\n{"}\n{}{}',
        b"{} {}\n{}",
        b"{}\r{}\n{}",
        b"\n\n{}\n \n{}",
    ],
)
def test_a_value_never_reaches_over_the_end_of_its_line(lines: bytes) -> None:
    """Each line stands for itself, whatever the decoder of many would make of them together."""
    wanted = [
        _without_line(_element("redemptions", line, Reading(0, 0), line=1))
        for line in lines.splitlines()
        if line.strip()
    ]
    assert [_without_line(item) for item in read(lines, NDJSON)] == wanted
    numbers = [n for n, line in enumerate(lines.splitlines(), start=1) if line.strip()]
    assert [item.line for item in read(lines, NDJSON)] == numbers


@given(st.text(alphabet='ab,"\r\n', max_size=60), st.integers(1, 4))
@settings(max_examples=300)
def test_csv_in_parts_is_csv_row_by_row(text: str, size: int) -> None:
    """A quote may reach over lines or never end: parts of any size give the same rows from the same lines."""

    def told(size: int) -> list[tuple[int, list[str], str | None]]:
        lines = io.StringIO("a,b\n" + text, newline="")
        _, parts = csv_parts(lines, {"a"}, size)
        return [
            (line, row, part.faults.get(n))
            for part in parts
            for n, (line, row) in enumerate(zip(part.lines, part.rows, strict=True))
        ]

    assert told(size) == told(1)
    if '"' not in text:
        rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        assert [row for _, row, _ in told(size)] == [row for row in rows if any(row)]


@given(st.text(alphabet="aé€\r\n", max_size=60), st.booleans(), st.integers(1, 7))
@settings(max_examples=300)
def test_lines_of_a_file_are_the_same_however_it_comes(text: str, marked: bool, size: int) -> None:
    """Neither a character, nor a line's end, nor the mark at the beginning is broken where a block ends."""
    data = text.encode("utf-8-sig" if marked else "utf-8")
    blocks = io.BytesIO(data)
    blocks.read1 = lambda _=-1: io.BytesIO.read(blocks, size)  # type: ignore[method-assign]
    wanted = [*io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")]
    assert [*text_lines(blocks)] == wanted  # type: ignore[arg-type]
