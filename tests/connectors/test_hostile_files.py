"""Files and bodies that nobody means: each is read, refused in its rows or refused whole, within bounds (P1, P16)."""

from __future__ import annotations

import gzip
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import zstandard

from promosight.api.door.bodies import MAX_BYTES, decompressed
from promosight.connectors.backup_file import Head, Reader, Writer
from promosight.connectors.import_file import pieces_of
from promosight.connectors.opening import opened
from promosight.connectors.reading import CSV, Reading, read_body
from promosight.errors import TooLarge, Unreadable
from promosight.flows.reporting.rejecting import Refused

_REDEMPTION = (
    '{"event_id":"%s","promotion_id":"p","customer_id":"ann","redeemed_at":"2026-11-20T10:00:00Z"}'
)
_REDEMPTIONS = [_REDEMPTION % name for name in "abc"]
_DEEP = "[" * 5_000
_PACKED: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "zstd": zstandard.compress}


def nested(levels: int) -> list[Any]:
    """A list within a list, and so on."""
    return [nested(levels - 1)] if levels else []


def reading() -> Reading:
    """As of some day in 2027."""
    return Reading(received_us=1_800_000_000_000_000, tracking_from_us=1_780_000_000_000_000)


def items_of(folder: Path, data: bytes, form: str, kind: str) -> list[Any]:
    """The items of a file."""
    path = folder / "file"
    path.write_bytes(data)
    with opened(str(path), shown="the file") as file:
        return [item for piece in pieces_of(file, form, kind, reading()) for item in piece.items]


def refusals(items: list[Any]) -> list[str]:
    """Why items were refused; "" for those that were not."""
    return [item.rejection.detail if isinstance(item, Refused) else "" for item in items]


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_body_of_several_archives_is_read_to_its_end_and_one_cut_off_is_told(coding: str) -> None:
    """P1: nothing that was sent is dropped in silence."""
    pack = _PACKED[coding]
    assert decompressed(pack(b"one\n") + pack(b"two\n"), coding) == b"one\ntwo\n"
    with pytest.raises(Unreadable):
        decompressed(pack(b"one\n" * 1_000)[:-3], coding)
    with pytest.raises(Unreadable):
        decompressed(b"", coding)
    with pytest.raises(TooLarge):
        decompressed(pack(b"\0" * MAX_BYTES) + pack(b"\0"), coding)


def test_a_number_of_thousands_of_digits_costs_its_row_alone() -> None:
    """P2, P16: in a body of CSV, where Python refuses to read such numbers."""
    body = b"promotion_id,customer_id,assigned_at,max_redemptions\n"
    body += b"p,ann,2026-11-20T10:00:00Z,%s\np,bob,2026-11-20T10:00:00Z,2\n" % (b"9" * 5_000)
    first, second = read_body("assignments", CSV, body, reading())
    assert isinstance(first, Refused)
    assert not isinstance(second, Refused)


@pytest.mark.parametrize("kind", ["promotions", "customers"])
def test_a_row_nested_too_deep_is_refused_alone(tmp_path: Path, kind: str) -> None:
    """P2: in NDJSON and in a cell of CSV; the rows beside it are taken."""
    name, field = f"{kind[:-1]}_id", "properties" if kind == "promotions" else "attributes"
    reward = {"type": "amount", "value": "1"}
    good = json.dumps({name: "a", "name": "x", "reward": reward})
    bad = json.dumps({name: "b", field: {"a": nested(70)}})
    lines = [good, _DEEP, bad, good]
    told = refusals(items_of(tmp_path, "\n".join(lines).encode(), "ndjson", kind))
    deep = "is nested deeper than 64 levels"
    assert told == ["", deep, deep, ""]
    table = f"{name},{field}\na,{_DEEP}\n"
    assert refusals(items_of(tmp_path, table.encode(), "csv", kind)) == [deep]


def test_a_cell_of_properties_that_is_no_object_is_refused_though_other_columns_are_properties(
    tmp_path: Path,
) -> None:
    """P2, P16: unknown columns are properties, too, and have nothing to be added to."""
    table = b"promotion_id,name,properties,till\np,P,7,x\n"
    assert refusals(items_of(tmp_path, table, "csv", "promotions")) == [
        "must be an object, not a number"
    ]


def test_an_array_in_a_file_may_hold_numbers_of_any_length_but_no_endless_nesting(
    tmp_path: Path,
) -> None:
    """P1: only where elements end is asked when the file is split."""
    array = f'[{_REDEMPTIONS[0]},{{"order_value":{"9" * 9_000}}},{_REDEMPTIONS[1]}]'.encode()
    told = refusals(items_of(tmp_path, array, "json", "redemptions"))
    assert [bool(one) for one in told] == [False, True, False]
    with pytest.raises(Unreadable, match="element 2 of the array is nested too deep"):
        items_of(tmp_path, f"[1,{_DEEP}".encode(), "json", "redemptions")


def test_a_damaged_archive_is_told(tmp_path: Path) -> None:
    """P1: damage within a gzip archive is the sender's, and said so."""
    data = bytearray(gzip.compress("\n".join(_REDEMPTIONS * 500).encode()))
    data[40] ^= 0xFF
    with pytest.raises(Unreadable, match="the file is damaged"):
        items_of(tmp_path, bytes(data), "ndjson", "redemptions")


@pytest.mark.parametrize("form", ["csv", "ndjson", "json"])
def test_an_archive_of_gigabytes_neither_fills_the_memory_nor_takes_long(
    tmp_path: Path, form: str
) -> None:
    """P1: four kilobytes that stand for 125 MB in one line; it is given up when the line is too long."""
    block = ((131_072 << 3) | 2).to_bytes(3, "little") + b" "
    start = zstandard.compress(b"event_id\n[1 ")
    bomb = start + b"\x28\xb5\x2f\xfd\x00\x60" + block * 1_000
    began = time.process_time()
    with pytest.raises(Unreadable):
        items_of(tmp_path, bomb, form, "redemptions")
    assert time.process_time() - began < 15


def test_quotes_that_are_never_closed_are_not_read_again_and_again(tmp_path: Path) -> None:
    """P1: rows each of which opens a quote and goes on into the next one; every line is refused alone."""
    lines = 60_000
    text = "event_id,promotion_id\n" + 'a","\n' * lines
    began = time.process_time()
    items = read_body("redemptions", CSV, text.encode(), reading(), at_most=lines)
    assert len(items) == lines
    assert time.process_time() - began < 30
    for kind in ("outcomes", "customers"):
        with pytest.raises(Unreadable, match="is not CSV"):
            items_of(tmp_path, f"outcome_id,customer_id\n{text}".encode(), "csv", kind)


def test_a_line_of_csv_without_end_is_given_up(tmp_path: Path) -> None:
    """P1: whatever its size, a file is read in constant memory."""
    with pytest.raises(Unreadable, match="a line is longer than 16 MB"):
        items_of(tmp_path, b"event_id\n" + b"x" * (17 << 20), "csv", "redemptions")


def test_instants_no_calendar_has_and_text_that_is_no_json_cost_their_row_of_parquet(
    tmp_path: Path,
) -> None:
    """P1: and what a cell holds is never mistaken for other fields of its row."""
    path = tmp_path / "made.parquet"
    rows = (
        "('a', '2026-11-20 10:00:00+00'::TIMESTAMPTZ, '{}'), ('b', 'infinity', '{}'),"
        """('c', '2026-11-20 10:00:00+00', '{}, "customer_id": "bob"')"""
    )
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            "COPY (SELECT e AS event_id, 'p' AS promotion_id, 'ann' AS customer_id, t AS redeemed_at,"
            f" m AS metadata FROM (VALUES {rows}) AS _(e, t, m)) TO '{path}' (FORMAT parquet)"
        )
    items = items_of(tmp_path, path.read_bytes(), "parquet", "redemptions")
    assert [isinstance(item, Refused) for item in items] == [False, True, True]


def test_what_a_file_of_parquet_is_refused_for_says_nothing_of_our_own_files(
    tmp_path: Path,
) -> None:
    """P16: found by ./dev fuzz: instants within a list, which need a package we do not have."""
    path = tmp_path / "made.parquet"
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            "COPY (SELECT 'a' AS event_id, ['2026-11-20 10:00:00+00'::TIMESTAMPTZ] AS channel)"
            f" TO '{path}' (FORMAT parquet)"
        )
    (told,) = refusals(items_of(tmp_path, path.read_bytes(), "parquet", "redemptions"))
    assert told
    with pytest.raises(Unreadable) as error:
        items_of(
            tmp_path,
            path.read_bytes()[:-60] + b"x" * 52 + path.read_bytes()[-8:],
            "parquet",
            "redemptions",
        )
    assert "\n" not in error.value.detail


def test_a_backup_damaged_within_a_word_is_told() -> None:
    """A backup is a whole one or none."""
    file = io.BytesIO()
    writer = Writer(file, Head(made_at="2026-11-26T00:00:00Z", schema=["001"]))
    writer.end()
    packed = zstandard.compress(
        zstandard.decompress(file.getvalue(), max_output_size=10_000).replace(b"2026", b"\xff026")
    )
    with pytest.raises(Unreadable):
        list(Reader(io.BytesIO(packed)).pieces())


@pytest.mark.parametrize("indent", [None, 2])
def test_a_json_file_may_be_one_object(tmp_path: Path, indent: int | None) -> None:
    """P1: `application/json` is an object or an array, in files as in requests."""
    data = "\ufeff\n" + json.dumps(json.loads(_REDEMPTIONS[0]), indent=indent) + "\n"
    assert refusals(items_of(tmp_path, data.encode(), "json", "redemptions")) == [""]


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        ("[" + _REDEMPTIONS[0] + "]\n[" + _REDEMPTIONS[1] + "]", "more comes behind"),
        ("[]" + " " * 200_000 + _REDEMPTIONS[1], "more comes behind"),
        ("\n".join(_REDEMPTIONS), "more comes behind"),
        (_REDEMPTIONS[0][:-1], "the object: "),
        ('{"metadata":' + _DEEP, "the object is nested too deep"),
        ('{"metadata":"' + "x" * 17_000_000 + '"}', "the object is longer"),
    ],
    ids=["two arrays", "far behind", "lines", "broken off", "deep", "long"],
)
def test_what_comes_behind_the_json_of_a_file_is_told_and_not_dropped(
    tmp_path: Path, data: str, wrong: str
) -> None:
    """P2: nothing that was sent is dropped in silence."""
    with pytest.raises(Unreadable, match=wrong):
        items_of(tmp_path, data.encode(), "json", "redemptions")
