"""Small pieces of a file become large ones, and nothing read before a failure is lost."""

from collections.abc import Iterator

import pytest

from promosight.flows.imports.run_import import PIECE_ROWS, each_a_piece, gathered
from promosight.flows.reporting.intake import Piece
from promosight.rules.facts import Assignment
from promosight.rules.sheets import Sheet


def small(count: int) -> Iterator[Piece]:
    """Pieces of a thousand rows, each row its own number."""
    for start in range(0, count, 1_000):
        yield Piece(range(start, start + 1_000), range(start, start + 1_000))


def test_pieces_grow_and_keep_every_row_in_its_place() -> None:
    large = list(gathered("redemptions", small(100_000)))
    assert [row for piece in large for row in piece.items] == [*range(100_000)]
    assert [line for piece in large for line in piece.lines] == [*range(100_000)]
    assert len(large[0].items) < PIECE_ROWS
    assert max(len(piece.items) for piece in large) == PIECE_ROWS


def test_promotions_come_in_small_pieces() -> None:
    large = gathered("promotions", each_a_piece((n, n) for n in range(250)))
    assert [len(piece.items) for piece in large] == [100, 100, 50]


def test_what_was_read_before_a_failure_is_taken_before_it_fails() -> None:
    def breaking() -> Iterator[Piece]:
        yield from small(7_000)
        raise EOFError("it breaks off")

    taken: list[Piece] = []
    with pytest.raises(EOFError, match="breaks off"):
        taken.extend(gathered("redemptions", breaking()))
    assert sum(len(piece.items) for piece in taken) == 7_000


def test_large_sheets_are_cut_where_a_piece_is_full() -> None:
    """However many rows a reader makes at once: a piece ends in the same place, and none is lost to a failure."""

    def sheets() -> Iterator[Piece]:
        for start in range(0, 66_000, 11_000):
            ids = [f"c{n}" for n in range(start, start + 11_000)]
            columns = [
                ids if name == "customer_id" else list(range(start, start + 11_000))
                for name in Assignment.__struct_fields__
            ]
            yield Piece(range(start, start + 11_000), Sheet(Assignment, columns, {5: start}))
        raise EOFError("it breaks off")

    taken: list[Piece] = []
    with pytest.raises(EOFError, match="breaks off"):
        taken.extend(gathered("assignments", sheets()))
    sizes = [PIECE_ROWS // 4, PIECE_ROWS // 4, PIECE_ROWS // 2, PIECE_ROWS, PIECE_ROWS, 6_000]
    assert [len(piece.items) for piece in taken] == sizes
    assert [line for piece in taken for line in piece.lines] == [*range(66_000)]
    for piece in taken:
        assert isinstance(piece.items, Sheet)
        assert piece.items.columns["digest"] == piece.lines
        places = {
            line: piece.items.alone[row]
            for row, line in enumerate(piece.lines)
            if row in piece.items.alone
        }
        assert places == {line: line - 5 for line in piece.lines if line % 11_000 == 5}


def test_small_pieces_grow_too_where_much_is_read_at_once() -> None:
    """As beside real-time traffic, which waits for no more than one of them."""
    pieces = [
        Piece(range(2_100), range(2_100)),
        Piece(range(2_100, 2_110), range(2_100, 2_110)),
    ]
    small_ones = list(gathered("redemptions", pieces, 250))
    assert [len(piece.items) for piece in small_ones[:4]] == [62, 62, 125, 250]
    assert max(len(piece.items) for piece in small_ones) == 250
    assert [row for piece in small_ones for row in piece.items] == [*range(2_110)]
