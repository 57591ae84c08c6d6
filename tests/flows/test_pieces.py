"""Small pieces of a file become large ones, and nothing read before a failure is lost."""

from collections.abc import Iterator
from itertools import islice

import pytest

from promosight.flows.intake import Piece
from promosight.flows.piece_sizes import ALONE_PIECE_ROWS, PIECE_ROWS, PieceSizes
from promosight.flows.run_import import each_a_piece, gathered


def small(count: int) -> Iterator[Piece]:
    """Pieces of a thousand rows, each row its own number."""
    for start in range(0, count, 1_000):
        yield Piece(range(start, start + 1_000), range(start, start + 1_000))


def test_pieces_grow_and_keep_every_row_in_its_place() -> None:
    large = list(gathered(small(100_000), PieceSizes("redemptions").of_a_file()))
    assert [row for piece in large for row in piece.items] == [*range(100_000)]
    assert [line for piece in large for line in piece.lines] == [*range(100_000)]
    assert len(large[0].items) < PIECE_ROWS
    assert max(len(piece.items) for piece in large) == PIECE_ROWS


def test_promotions_come_in_small_pieces() -> None:
    large = gathered(each_a_piece((n, n) for n in range(250)), PieceSizes("promotions").of_a_file())
    assert [len(piece.items) for piece in large] == [100, 100, 50]


def test_what_was_read_before_a_failure_is_taken_before_it_fails() -> None:
    def breaking() -> Iterator[Piece]:
        yield from small(7_000)
        raise EOFError("it breaks off")

    taken: list[Piece] = []
    with pytest.raises(EOFError, match="breaks off"):
        taken.extend(gathered(breaking(), PieceSizes("redemptions").of_a_file()))
    assert sum(len(piece.items) for piece in taken) == 7_000


def test_pieces_become_larger_while_nobody_waits_and_at_once_what_they_were_when_somebody_does() -> (
    None
):
    sizes = PieceSizes("redemptions")
    each = sizes.of_a_file()
    assert ALONE_PIECE_ROWS not in islice(each, 100)  # nobody said how any of them went
    for _ in range(100):
        sizes.went(alone=True)
    assert next(each) == ALONE_PIECE_ROWS
    sizes.went(alone=False)
    assert next(each) == PIECE_ROWS
    sizes.went(alone=True)
    assert next(each) == PIECE_ROWS  # who came once comes again
