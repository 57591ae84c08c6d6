"""Redemptions of CSV that are read in the order of their promotions are the same rows, each with its line."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promosight.connectors import csv_order
from promosight.connectors.csv_blocks import Blocks
from promosight.connectors.reading import Reading, csv_pieces
from promosight.errors import Unreadable
from promosight.flows.reporting.rejecting import Refused

HEADER = "event_id,promotion_id,customer_id,redeemed_at,reverses,promo_code"
Row = tuple[int, Any]


def line(event_id: str, promotion_id: str, customer: int = 1, more: str = ",") -> str:
    return f"{event_id},{promotion_id},c-{customer},2026-11-03T12:00:00Z,{more}"


def blocks_of(lines: Iterable[str], size: int = 1 << 20, header: str = HEADER) -> Blocks:
    text = "".join(f"{one}\n" for one in (header, *lines))
    return Blocks(io.BytesIO(text.encode()).read, size=size, worth=1)


def read(blocks: Blocks, *, in_order: bool = True) -> list[Row]:
    pieces = csv_pieces("redemptions", blocks, Reading(2**51, 0), in_order=in_order)
    return [pair for one in pieces for pair in zip(one.lines, one.items, strict=True)]


def lines_of(lines: Iterable[str], **how: Any) -> list[int]:
    return [number for number, _ in read(blocks_of(lines, **how))]


MIXED = [line(f"e-{n}", "bac"[n % 3], n) for n in range(90)]
AS_THEY_CAME = [*range(2, 92)]


def promotions_in_turn(found: list[int]) -> list[str]:
    """The promotions of lines, each once for all of its lines that follow each other and ascend."""
    turns = [
        MIXED[one - 2].split(",")[1]
        for before, one in pairwise([0, *found])
        if one < before or not before or (one - before) % 3
    ]
    assert sorted(found) == AS_THEY_CAME
    return turns


def test_lines_of_a_promotion_lie_together_in_their_order() -> None:
    nameless = [one.partition(",")[2] for one in MIXED]
    for found in (
        lines_of(MIXED),
        lines_of(MIXED, size=400),
        lines_of(nameless, header=HEADER.partition(",")[2]),
    ):
        assert sorted(promotions_in_turn(found)) == ["a", "b", "c"]


def test_so_many_lines_are_put_in_order_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_order, "TOGETHER", 40)
    turns = promotions_in_turn(lines_of(MIXED, size=500))
    assert len(turns) == 3 * 3


@pytest.mark.parametrize(
    "odd",
    [
        line("e-3", "b", 77),
        line("e-90", "a", 1, "e-3,"),
        line("e-90", "a", 1, ",SPRING"),
        line(" e-3", "b", 77),
        line("", "b", 77),
        line("x" * 70, "b", 77),
        line('"e-90"', "b", 77),
    ],
    ids=["id again", "reversal", "code", "blank", "no id", "long id", "quoted"],
)
def test_lines_stay_as_they_came_where_their_order_may_say_something(odd: str) -> None:
    assert lines_of([*MIXED, odd]) == [*AS_THEY_CAME, 92]


def test_a_line_that_comes_again_as_it_was_changes_no_order() -> None:
    found = lines_of([*MIXED, MIXED[4]])
    assert found.index(92) == found.index(90) + 1
    found.remove(92)
    assert len(promotions_in_turn(found)) == 3


@pytest.mark.parametrize("longest", [4, 12, 20])
def test_an_id_with_two_contents_in_blocks_far_apart_leaves_all_as_they_came(longest: int) -> None:
    """Whatever other ids there are beside it."""
    more = [line(f"e-{n:0{longest}}", "c", n) for n in range(90, 96)]
    lines = [*MIXED, *more, line("e-3", "c", 77), line("e-3", "b", 3)]
    assert lines_of(lines, size=700) == [*range(2, len(lines) + 2)]


def test_where_nothing_can_be_written_what_lies_in_memory_is_put_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: Any) -> Any:
        raise OSError("no space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    turns = promotions_in_turn(lines_of(MIXED, size=1_500))
    assert 3 < len(turns) < 30


def test_a_promotion_of_many_lines_is_given_back_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_order, "_PART", 7)
    blocks = blocks_of(MIXED, size=900)
    pieces = csv_pieces("redemptions", blocks, Reading(2**51, 0), in_order=True)
    sizes = [len(piece.lines) for piece in pieces]
    assert sum(sizes) == 90
    assert max(sizes) < 14


def test_what_was_read_before_a_file_breaks_is_taken_in_order() -> None:
    text = "".join(f"{one}\n" for one in (HEADER, *MIXED)).encode()
    stream = io.BytesIO(text)

    def part(size: int) -> bytes:
        if stream.tell() == len(text):
            raise Unreadable("it breaks off")
        return stream.read(size)

    blocks = Blocks(part, size=400, worth=1)
    pieces = csv_pieces("redemptions", blocks, Reading(2**51, 0), in_order=True)
    found: list[int] = []

    def take() -> None:
        for piece in pieces:
            found.extend(piece.lines)

    with pytest.raises(Unreadable):
        take()
    assert len(found) > 60
    assert sorted(found) == AS_THEY_CAME[: len(found)] != found


CELLS = {
    "event_id": st.sampled_from(["e-1", "e-2", "e-3", " e-1", "", "Ä", '"e-4"', "x" * 70]),
    "promotion_id": st.sampled_from(["a", "b", "c", "", " a"]),
    "customer_id": st.sampled_from(["c-1", "c-2", "c-3", ""]),
    "redeemed_at": st.sampled_from(["2026-11-03T12:00:00Z", "2026-11-04T12:00:00Z", "then"]),
    "reverses": st.sampled_from(["", "", "", "", "e-1"]),
    "promo_code": st.sampled_from(["", "", "", "", "SPRING"]),
}


@given(
    st.permutations([*CELLS]).flatmap(
        lambda names: st.tuples(
            st.just(names),
            st.lists(st.tuples(*(CELLS[name] for name in names)), max_size=12),
        )
    ),
    st.integers(50, 400),
)
@settings(max_examples=100, deadline=None)
def test_the_same_rows_are_read_in_either_order(
    table: tuple[list[str], list[tuple[str, ...]]], size: int
) -> None:
    """Each with its line, and of two that share an id and differ the first comes first."""
    names, rows = table
    lines = list(map(",".join, rows))
    there = read(blocks_of(lines, size, ",".join(names)), in_order=False)
    here = read(blocks_of(lines, size, ",".join(names)))
    assert sorted(here, key=lambda one: one[0]) == there
    assert _first_contents(here) == _first_contents(there)


def _first_contents(rows: list[Row]) -> dict[str, int]:
    found: dict[str, int] = {}
    for _, item in rows:
        if not isinstance(item, Refused):
            found.setdefault(item.event_id, item.digest)
    return found
