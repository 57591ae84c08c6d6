"""Blocks of CSV that are read at a glance say what their lines say one by one: rows, line numbers, faults, refusals."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from itertools import chain, repeat
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosight.connectors.csv_blocks import LONGEST_LINE, Blocks
from promosight.connectors.csv_cells import columns_of_block
from promosight.connectors.csv_rows import csv_parts
from promosight.connectors.reading import Reading, csv_pieces
from promosight.errors import Unreadable
from promosight.flows.reporting.rejecting import Refused
from promosight.rules.aligned import Aligned
from promosight.rules.facts import Assignment
from promosight.rules.repeated import Repeated
from promosight.rules.sheets import Sheet

END = st.sampled_from(["\n", "\r\n"])
PLAIN = st.sampled_from(["a", "b", "bc", "", "ein Gruß", "x" * 70, "2026-11-03T12:00:00Z"])
ODD = st.sampled_from(['"q"', '"q\nq"', '"q,""q"', '"', "\r", "\0", " ", "=1", "\ufeff", "\u2028"])
COLUMNS = {
    "assignments": [
        *("promotion_id", "customer_id", "assigned_at", "assignment_id", "tier_id"),
        *("reward_value", "currency", "channels", "control", "max_redemptions", "till"),
    ],
    "redemptions": [
        *("event_id", "promotion_id", "customer_id", "redeemed_at", "type", "channel"),
        *("reward_value", "currency", "order_value", "metadata", "till"),
    ],
}
SAID: dict[str, list[str]] = {
    "promotion_id": ["p", "p", "p-2"],
    "customer_id": ["c", "c-1", "c-2", "c-33"],
    "assigned_at": ["2026-11-03T12:00:00Z", "2026-11-03T13:00:00+01:00"],
    "redeemed_at": ["2026-11-03T12:00:00Z", "2026-11-03T12:00:01Z"],
    "reward_value": ["5.00", "", "7"],
    "currency": ["EUR", ""],
    "order_value": ["1.5", "19.99", ""],
    "channels": ["a|b", "a", ""],
    "control": ["", "yes", "no"],
    "max_redemptions": ["", "2"],
    "type": ["", "redemption"],
    "metadata": ["", "{}"],
}
WRONG = ["", " ", "then", "-1", "x" * 300, "a b", " c ", "Grüße", "[1]", "2026-11-03T12:00:00"]


@st.composite
def texts(draw: st.DrawFn) -> str:
    """CSV of any kind, of which most is as it should be."""
    cells = draw(st.sampled_from([PLAIN, PLAIN | ODD]))
    widths = draw(st.sampled_from([st.just(2), st.just(3), st.integers(0, 4)]))
    lines = [
        ",".join(draw(cells) for _ in range(draw(widths))) + draw(END)
        for _ in range(draw(st.integers(0, 12)))
    ]
    return "".join(lines).removesuffix(draw(st.sampled_from(["", "\n"])))


def read_in(parts: Iterable[int], data: bytes) -> Callable[[int], bytes]:
    """Reads so many bytes at a time and then as many as are wanted, as a pipe or a file may give them."""
    stream, sizes = io.BytesIO(data), chain(parts, repeat(1 << 20))
    return lambda wanted: stream.read(min(wanted, next(sizes)))


def rows_of(lines: Iterable[str]) -> list[tuple[int, list[str], str | None]]:
    header, parts = csv_parts(lines, {"a"}, 3)
    found = [
        (line, row, part.faults.get(n))
        for part in parts
        for n, (line, row) in enumerate(zip(part.lines, part.rows, strict=True))
    ]
    return [(0, header, None), *found]


BLANK = st.lists(
    st.sampled_from(["\n", "\r\n", "\r", " \n", "\t \r\n", ",,\n", '"",\n']), max_size=3
)


@given(
    text=texts(),
    blank=BLANK,
    marked=st.booleans(),
    size=st.integers(1, 80),
    parts=st.lists(st.integers(1, 9), max_size=9),
)
@settings(max_examples=500)
def test_blocks_are_the_rows_of_their_lines(
    *, text: str, blank: list[str], marked: bool, size: int, parts: list[int]
) -> None:
    """Quotes, blank lines, ends of any form and rows of any width: all as line by line, wherever a block ends."""
    for width in (2, 3):
        whole = "".join(blank) + ",".join("abc"[:width]) + "\r\n" + text
        data = whole.encode("utf-8-sig" if marked else "utf-8")
        blocks = Blocks(read_in(parts, data), size=size, worth=1)
        assert rows_of(blocks) == rows_of(io.StringIO(whole, newline=""))


@st.composite
def tables(draw: st.DrawFn, kind: str) -> str:
    """Rows of a kind: the same few things again and again, ids of one length or of any, and a few that are wrong."""
    header = draw(st.permutations(COLUMNS[kind]))
    form = draw(st.sampled_from(["{:04}", "{}", "Ä{:04}"]))
    rows = []
    for number in range(draw(st.integers(0, 40))):
        own = [form.format(number)]
        row = [draw(st.sampled_from(SAID.get(name, own))) for name in header]
        if draw(st.integers(0, 9)) == 0:
            row[draw(st.integers(0, len(row) - 1))] = draw(st.sampled_from(WRONG))
        rows.append(row)
    return "".join(",".join(row) + "\n" for row in [header, *rows])


def items_of(kind: str, lines: Iterable[str]) -> list[tuple[int, Any]]:
    pieces = csv_pieces(kind, lines, Reading(2_000_000_000_000_000, 0))
    return [pair for one in pieces for pair in zip(one.lines, one.items, strict=True)]


@given(st.data(), st.sampled_from(["assignments", "redemptions"]), st.integers(200, 9_000))
@settings(max_examples=300, deadline=None)
def test_what_blocks_say_becomes_what_their_rows_do(
    data: st.DataObject, kind: str, size: int
) -> None:
    """The same facts, digests and refusals with their line and payload, whether cells are told together or by row."""
    text = data.draw(tables(kind))
    blocks = Blocks(io.BytesIO(text.encode()).read, size=size, worth=1)
    assert items_of(kind, blocks) == items_of(kind, io.StringIO(text, newline=""))


def test_a_column_is_kept_by_what_it_says() -> None:
    """One text for what is said again, in runs or in turns; texts of their own where each row says another thing."""
    rows = [
        (f"p{n // 150}", f"c{n:05}", ["email", "sms"][n % 2], f"{n}", f"{n:05}" + "x" * 60, "")
        for n in range(1_000)
    ]
    text = "".join(",".join(row) + "\n" for row in rows).encode()
    columns = columns_of_block(text, 6)
    assert columns is not None
    assert list(zip(*columns, strict=True)) == rows
    promotion, customer, channel, number, long, nothing = columns
    assert isinstance(promotion, Repeated)
    assert promotion.values == [f"p{n}" for n in range(7)]
    assert isinstance(channel, Repeated)
    assert sorted(channel.values) == ["email", "sms"]
    assert isinstance(nothing, Repeated)
    assert (type(customer), type(number), type(long)) == (Aligned, Aligned, list)


def test_ids_of_several_lengths_lie_side_by_side_unless_few_are_much_longer() -> None:
    ids = [f"c-{n:06}" if n % 90 else f"nobody-{n:07}" for n in range(1_000)]
    one_is_long = [*ids[:-1], "c" * 60]
    one_says_nothing = [*ids[:-1], ""]
    text = "".join(map("{},{},{}\n".format, ids, one_is_long, one_says_nothing)).encode()
    columns = columns_of_block(text, 3)
    assert columns is not None
    assert [type(column) for column in columns] == [Aligned, list, list]
    assert [*map(list, columns)] == [ids, one_is_long, one_says_nothing]


@pytest.mark.parametrize("sign", [b" ", b"\x7f", "é".encode()])
def test_only_ids_as_they_should_be_are_taken_for_plain(sign: bytes) -> None:
    rows = [b"%03d,%03d\n" % (n, n) for n in range(100)]
    rows[70] = b"07" + sign * (1 if len(sign) == 1 else 0) + b",070\n"
    if len(sign) > 1:
        rows[70] = b"0" + sign + b",070\n"
    columns = columns_of_block(b"".join(rows), 2)
    assert columns is not None
    assert [type(column) for column in columns] == [list, Aligned]
    assert columns[0][70].encode() in rows[70]


@pytest.mark.parametrize(
    "text",
    [
        b'a,"b"\n',
        b"a,b\rc,d\n",
        b"a,\0\n",
        b"a,\xff\n",
        b"a,b\n\nc,d\n",
        b"a,b\n,\n",
        b"a\nb,c,d\n",
    ],
)
def test_what_is_unusual_in_a_block_is_left_to_its_lines(text: bytes) -> None:
    assert columns_of_block(text, 2) is None
    assert columns_of_block(b"a,b\n" * 3 + text, 2) is None
    assert columns_of_block(b"a,b\n" * 3, 2) is not None
    assert columns_of_block(b"a,b\n" + b"x" * 200_000 + b",b\n", 2) is None


@given(st.text(alphabet="aé€\r\n", max_size=60), st.booleans(), st.integers(1, 7))
@settings(max_examples=300)
def test_lines_of_blocks_are_the_same_however_they_come(text: str, marked: bool, size: int) -> None:
    """Neither a character, nor a line's end, nor the mark at the beginning is broken where a block ends."""
    data = text.encode("utf-8-sig" if marked else "utf-8")
    wanted = [*io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")]
    for parts in ([], [1] * 99):
        assert [*Blocks(read_in(parts, data), size=size)] == wanted


def test_what_stands_before_a_line_that_is_not_utf8_is_read_first() -> None:
    data = (
        b"promotion_id,customer_id,assigned_at\n" + b"p,c,2026-11-03T12:00:00Z\n" * 5 + b"p,\xff\n"
    )
    blocks = Blocks(io.BytesIO(data).read, worth=1)
    pieces = csv_pieces("assignments", blocks, Reading(2**51, 0))
    assert [type(one) for one in next(pieces).items] == [Assignment] * 5
    with pytest.raises(UnicodeDecodeError):
        next(pieces)


def test_a_line_without_end_is_given_up_when_what_stands_before_it_is_read() -> None:
    data = b"event_id,promotion_id\n1,p\n" + b"x" * (LONGEST_LINE + (2 << 20))
    pieces = csv_pieces("redemptions", Blocks(io.BytesIO(data).read), Reading(2**51, 0))
    assert len(next(pieces).items) == 1
    with pytest.raises(Unreadable, match="longer than 16 MB"):
        next(pieces)


def test_thousands_of_rows_of_a_file_are_one_sheet_and_the_wrong_one_is_alone() -> None:
    header = "promotion_id,customer_id,assigned_at,assignment_id\n"
    rows = [f"p,c{n:06},2026-11-03T12:00:00Z,a{n:06}\n" for n in range(4_000)]
    rows[1_500] = "p,c001500,soon,a001500\n"
    (piece,) = csv_pieces(
        "assignments", Blocks(io.BytesIO((header + "".join(rows)).encode()).read), Reading(2**51, 0)
    )
    assert isinstance(piece.items, Sheet)
    assert isinstance(piece.items.columns["promotion_id"], Repeated)
    (row,) = piece.items.alone
    refused = piece.items[row]
    assert isinstance(refused, Refused)
    assert (row, refused.line, refused.rejection.pointer) == (1_500, 1_502, "/assigned_at")
    assert piece.items[1_499:1_502] == [piece.items[n] for n in range(1_499, 1_502)]


def test_a_table_of_thousands_of_columns_is_read_by_row() -> None:
    """Each column costs something, however few rows there are."""
    lines = [",".join(map(str, range(2_000))) + "\n"] * 120
    blocks = Blocks(io.BytesIO("".join(lines).encode()).read)
    assert not blocks.is_worth_it(blocks.block())
    narrow = Blocks(io.BytesIO(b"promotion_id,customer_id\n" * 1_000).read)
    assert narrow.is_worth_it(narrow.block())
    assert not narrow.is_worth_it(b"")
