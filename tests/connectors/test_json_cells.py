"""Lines of NDJSON that are looked at together say what they say one by one: facts, refusals, lines, payloads."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosight.connectors import reading
from promosight.connectors.decoded import AMOUNTS, decode_line, form_of_line
from promosight.connectors.json_cells import Block, block_of_lines
from promosight.connectors.line_blocks import blocks_of_body, blocks_of_file, lines_of_file
from promosight.connectors.reading import (
    Reading,
    ndjson_blocks,
    ndjson_pieces,
    read_body,
)
from promosight.errors import Unreadable
from promosight.flows.reporting.intake import Piece
from promosight.flows.reporting.rejecting import Refused
from promosight.rules.aligned import Aligned
from promosight.rules.columns import AssignmentColumns, EventColumns
from promosight.rules.facts import canonical_json
from promosight.rules.repeated import Repeated
from promosight.rules.sheets import Sheet

KINDS = ["assignments", "redemptions"]
SAID: dict[str, list[str]] = {
    "promotion_id": ['"p"', '"p"', '"p-2"'],
    "customer_id": ['"c"', '"c-1"', '"c-22"'],
    "assigned_at": ['"2026-11-03T12:00:00Z"', '"2026-11-03T13:00:00+01:00"'],
    "redeemed_at": ['"2026-11-03T12:00:00Z"', '"2026-11-03T12:00:01Z"'],
    "reward_value": ['"5.00"', "5", '"7"', "5.0", "1e1"],
    "currency": ['"EUR"', "null"],
    "tier_id": ['"gold"', '"silver"'],
    "till": ['"3"', "3", "true"],
}
KEYS = {
    "assignments": ("promotion_id", "customer_id", "assigned_at", "assignment_id"),
    "redemptions": ("event_id", "promotion_id", "customer_id", "redeemed_at"),
}
OTHERS = {
    "assignments": {
        "channels": ['["a"]', '"a"', "[]", "null"],
        "control": ["true", "false", "null", '"yes"'],
        "max_redemptions": ["2", '"2"', "0", "2.0"],
        "attributes": ["{}", '{"a": "b"}', "null", '"a"', "3"],
    },
    "redemptions": {
        "type": ['"redemption"', '"reversal"', "null"],
        "metadata": [
            *("{}", '{"a": {"b": ["c"]}}', "null", '"a"', "3", '{"a": "}", "b": 3}'),
            *('{"b": 30, "a": "\u2028"}', '{"b": 1.50, "a": "x"}', '{"a": 0, "a": 1}', '{"b": -0}'),
            *('{"metadata": "", "till": null}', '{"till": "7"}', '{"\u00e9": 1234567890123456}'),
        ],
        "order_value": [
            *(
                "5",
                "12.50",
                "0.5",
                "00",
                "0",
                "0.",
                "10",
                "1.2.3",
                "123456789012.345",
                "1234567890123456",
            ),
            *('"1.5"', "1.5", "-1", "01", "1e999999", "1" * 40, "-0", "1.", "+1"),
        ],
    },
}
WRONG = [
    *('""', '" "', '" c "', '"' + "x" * 300 + '"', '"Grüße"', '"\\u00e9"', '"a\\"b"', '"a\\\\"'),
    *(
        '"then"',
        "3",
        "null",
        "true",
        "nul",
        '"a',
        'a"',
        "",
        '"\t"',
        '"\x7f"',
        '"\u2028"',
        "[",
        "{}",
    ),
    *(
        '"a" "b"',
        '"a", "customer_id": "d"',
        '"a", "till": "x", "till": "y"',
        '"a"}',
        '"\x00"',
        '"[{"',
    ),
]
FIELDS = {
    "assignments": AssignmentColumns._fields,
    "redemptions": EventColumns._fields,
}
RAW = [
    b"",
    b" ",
    b"[]",
    b"{}",
    b"3",
    b'"a"',
    b"\xff",
    b'{"till": "\xff"}',
    b"{",
    b'{"till": "3"} {"till": "3"}',
]


@st.composite
def bodies(draw: st.DrawFn, kind: str) -> bytes:
    """Lines of a kind, most alike and as they should be."""
    all_said = {**SAID, **draw(st.sampled_from([{}, {}, OTHERS[kind]]))}
    more = [name for name in all_said if name not in KEYS[kind]]
    forms = [
        [*KEYS[kind], *draw(st.lists(st.sampled_from(more), unique=True))]
        for _ in range(draw(st.integers(1, 3)))
    ]
    comma, colon = draw(st.sampled_from([(", ", ": "), (",", ":"), (" ,", " : ")]))
    odd, end = draw(st.sampled_from([0, 0, 30])), draw(st.sampled_from(["\n", "\n", "\r\n", "\r"]))
    lines = []
    for number in range(draw(st.integers(1, 30))):
        said = {
            name: draw(st.sampled_from(all_said.get(name, [f'"é{number:04}"', f'"{number:04}"'])))
            for name in draw(st.sampled_from(forms))
        }
        if odd and draw(st.integers(0, odd)) == 0:
            said[draw(st.sampled_from([*said]))] = draw(st.sampled_from(WRONG))
        line = comma.join(f'"{name}"{colon}{value}' for name, value in said.items())
        lines.append(f"{{{line}}}".encode())
        if odd and draw(st.integers(0, odd)) == 0:
            lines.append(draw(st.sampled_from(RAW)))
    return end.encode().join(lines) + draw(st.sampled_from([b"", end.encode(), b"\n\n"]))


def items_of(pieces: Any) -> list[tuple[int, Any]]:
    found: list[Piece] = [*pieces]
    return [pair for one in found for pair in zip(one.lines, one.items, strict=True)]


def new_reading() -> Reading:
    return Reading(2_000_000_000_000_000, 0)


def read(kind: str, data: bytes, size: int) -> Callable[[], list[tuple[int, Any]]]:
    blocks = blocks_of_body(data, size=size)
    return lambda: items_of(
        ndjson_blocks(kind, blocks, new_reading(), split=bytes.splitlines, worth=1)
    )


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data(), size=st.sampled_from([300, 2_000, 100_000]))
@settings(max_examples=100, deadline=None)
def test_lines_together_become_what_they_do_alone(
    kind: str, data: st.DataObject, size: int
) -> None:
    body = data.draw(bodies(kind))
    assert read(kind, body, size)() == items_of(
        ndjson_pieces(kind, body.splitlines(), new_reading())
    )
    blocks = blocks_of_file(io.BytesIO(body).read, size=size)
    assert items_of(ndjson_blocks(kind, blocks, new_reading(), worth=1)) == items_of(
        ndjson_pieces(kind, lines_of_file(body), new_reading())
    )


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_what_a_block_says_is_what_is_decoded(kind: str, data: st.DataObject) -> None:
    """Every field of every line, by its value and its type, wherever a block is looked at as a whole."""
    body = data.draw(bodies(kind))
    block = block_of(kind, body)
    if block is None:
        return
    lines = body.splitlines()
    assert [*block.lines] == lines
    for row, line in enumerate(lines):
        record = decode_line(kind, line)
        for name in record.__struct_fields__:
            said = block.columns[name][row] if name in block.columns else None
            meant = getattr(record, name)
            if name in AMOUNTS and type(meant) in (int, Decimal) and type(said) is str:
                meant = str(meant)
            if isinstance(meant, msgspec.Raw):
                meant = canonical_json(msgspec.json.decode(meant))
            assert (type(said), said) == (type(meant), meant)


def block_of(kind: str, body: bytes) -> Block | None:
    return block_of_lines(body, FIELDS[kind], lambda line: form_of_line(kind, line))


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data(), between=st.sampled_from([",", ", ", ",\n", " ,"]))
@settings(max_examples=150, deadline=None)
def test_an_array_that_is_looked_at_together_becomes_what_is_decoded(
    kind: str, data: st.DataObject, between: str
) -> None:
    """Items and refusals are the same, also where something in a string looks like the end of an element."""
    rows = [one for one in data.draw(bodies(kind)).splitlines() if one.strip()]
    if data.draw(st.booleans()):
        rows = [one.replace(b'"p"', b'"},{"').replace(b'"c"', b'"a}, {b"') for one in rows]
    body = b"[" + between.encode().join(rows) + b"]"
    found: list[list[Any]] = []
    for worth in (1, 1 << 30):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(reading, "_WORTH", worth)
            try:
                found.append([*read_body(kind, reading.JSON, body, new_reading())])
            except Unreadable as error:
                found.append([str(error)])
    assert found[0] == found[1]


def test_a_block_of_several_forms_is_looked_at_as_a_whole() -> None:
    rows = [
        {
            "promotion_id": f"p{n // 150}",
            "customer_id": f"c{n:05}",
            "assigned_at": "2026-11-03T12:00:00Z",
            **({"tier_id": ["gold", "silver"][n % 2]} if n % 3 else {}),
            **({"control": n % 2 == 0} if n % 5 else {}),
            **({"expires_at": f"{n}"} if n % 7 else {}),
            "till": "7",
        }
        for n in range(1_000)
    ]
    block = block_of("assignments", b"\n".join(map(msgspec.json.encode, rows)))
    assert block is not None
    assert block.columns.keys() == {*rows[1]} - {"till"}
    for name, column in block.columns.items():
        assert [*column] == [row.get(name) for row in rows]
    assert isinstance(block.columns["promotion_id"], Repeated)
    assert isinstance(block.columns["tier_id"], Repeated)
    assert isinstance(block.columns["control"], Repeated)
    assert isinstance(block.columns["customer_id"], Aligned)


def test_a_block_whose_amounts_and_metadata_differ_is_looked_at_as_a_whole() -> None:
    rows = [
        {
            "event_id": f"e{n:05}",
            "promotion_id": "p",
            "order_value": n / 4,
            "metadata": {"till": f"t{n % 7}", "items": n, "paid": True, "basket": f"{n}"},
            "reward_value": n % 3,
        }
        for n in range(1_000)
    ]
    rows[7]["metadata"] = None
    block = block_of("redemptions", b"\n".join(map(msgspec.json.encode, rows)))
    assert block is not None
    assert [*block.columns["metadata"]] == [canonical_json(row["metadata"]) for row in rows]
    assert [*block.columns["order_value"]] == [f"{row['order_value']}" for row in rows]
    assert [*block.columns["reward_value"]] == [f"{row['reward_value']}" for row in rows]


LINE = b'{"promotion_id": "p", "customer_id": "c", "assigned_at": "2026-11-03T12:00:00Z"}'


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"{}", b"[]", b"x", b"\xff", b" " + LINE, LINE + b" ", LINE + b",", LINE + LINE),
        LINE.replace(b'"c"', b'"c\\n"'),
        LINE.replace(b'"c"', b'"\xff"'),
        LINE.replace(b'"c"', b'"\t"'),
        LINE.replace(b'"c"', b"3"),
        LINE.replace(b'"c"', b'{"a": "c"}'),
        LINE.replace(b'"c"', b'"c", "channels": ["a"]'),
        LINE.replace(b'"c"', b'"c", "attributes": null'),
        LINE.replace(b'"c"', b'"c", "attributes": "a"'),
        LINE.replace(b'"c"', b'"c", "max_redemptions": "2"'),
        LINE.replace(b'"c"', b'"c", "promotion_id": "c"'),
        LINE.replace(b'"c"', b'"c", "' + b"x" * 70 + b'": 3'),
    ],
)
def test_what_is_unusual_in_a_line_is_left_to_the_decoder(line: bytes) -> None:
    assert block_of("assignments", LINE + b"\n" + LINE) is not None
    assert block_of("assignments", LINE + b"\n" + line + b"\n" + LINE) is None
    assert block_of("assignments", line + b"\n" + LINE) is None


def test_lines_of_many_forms_are_left_to_the_decoder() -> None:
    rows = [LINE.replace(b'"c"', b'"c", "max_redemptions": %d' % n) for n in range(1, 2_000)]
    assert block_of("assignments", b"\n".join(rows)) is None
    assert block_of("assignments", b"\n".join([LINE] * 2_000 + rows)) is None


def test_thousands_of_lines_are_one_sheet_and_the_wrong_one_is_alone() -> None:
    lines = [LINE.replace(b'"c"', b'"c%05d"' % n) for n in range(4_000)]
    lines[1_500] = LINE.replace(b"2026-11", b"2026-13")
    blocks = blocks_of_file(io.BytesIO(b"\xef\xbb\xbf" + b"\n".join([*lines, b""])).read)
    (piece,) = ndjson_blocks("assignments", blocks, new_reading())
    assert isinstance(piece.items, Sheet)
    assert isinstance(piece.items.columns["promotion_id"], Repeated)
    (row,) = piece.items.alone
    refused = piece.items[row]
    assert isinstance(refused, Refused)
    assert (row, refused.line, refused.rejection.pointer) == (1_500, 1_501, "/assigned_at")
    assert json.loads(refused.payload) == json.loads(lines[1_500])


@given(st.lists(st.binary(max_size=9)), st.booleans(), st.integers(1, 20), st.integers(1, 9))
@settings(max_examples=300)
def test_blocks_of_a_file_are_all_of_its_lines(
    lines: list[bytes], marked: bool, size: int, part: int
) -> None:
    text = b"\n".join(lines)
    stream = io.BytesIO(b"\xef\xbb\xbf" * marked + text)
    blocks = [*blocks_of_file(lambda wanted: stream.read(min(wanted, part)), size=size)]
    wanted = text if marked else text.removeprefix(b"\xef\xbb\xbf")
    assert b"".join(blocks) == wanted
    assert all(block.endswith(b"\n") for block in blocks[:-1])
    said = [line for block in blocks for line in lines_of_file(block)]
    assert said == wanted.split(b"\n")[: len(said)]
    assert b"".join(blocks_of_body(text, size=size)) == text


def test_what_comes_slowly_is_not_waited_for() -> None:
    """A pipe that has no more at the moment gives less than it is asked for."""
    parts = [LINE + b"\n"] * 10_000
    come: list[bytes] = []

    def read(_: int) -> bytes:
        come.append(parts.pop())
        return come[-1]

    assert len(next(blocks_of_file(read))) == sum(map(len, come)) < 300_000


def test_what_stands_before_the_damage_of_a_file_is_read_first() -> None:
    parts = [LINE + b"\n" + LINE, b"\n", LINE + b"\n" + LINE]
    blocks = blocks_of_file(lambda _: parts.pop())
    assert next(blocks) == LINE + b"\n" + LINE + b"\n" + LINE + b"\n"
    with pytest.raises(IndexError):
        next(blocks)


def test_a_line_without_end_is_given_up_when_what_stands_before_it_is_read() -> None:
    blocks = blocks_of_file(io.BytesIO(LINE + b"\n" + b"x" * (19 << 20)).read)
    assert next(blocks) == LINE + b"\n"
    with pytest.raises(Unreadable, match="longer than 16 MB"):
        next(blocks)
