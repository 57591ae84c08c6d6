"""How many rows of a file become facts in one transaction.

The more, the more of them lie on each page of the store that a transaction touches, and the rarer is all that is done
once for each. But whoever else writes waits for a transaction to end. So pieces stay as they are unless the store can
tell that nobody waits, and become as they were as soon as somebody does.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

PIECE_ROWS = 20_000
"""Rows of a file that become facts in one transaction: enough to touch each page of the store once for many."""

ALONE_PIECE_ROWS = 60_000
"""The same while nobody else waits."""

SMALL_PIECE_ROWS = 250
"""The same beside real-time traffic, which waits for no more than one of them."""

_ALONE_FOR = 8
"""In so many pieces, some five seconds, nobody has waited when they become larger."""

_DEFINED_TOGETHER = 100
"""Promotions defined in one transaction: each may match all its facts anew."""


class PieceSizes:
    """The sizes of an import's pieces, one after the other."""

    def __init__(self, kind: str, rows: int = PIECE_ROWS) -> None:
        self._kind = kind
        self._rows = rows
        self._alone = 0

    @property
    def may_grow(self) -> bool:
        """Whether larger pieces would be cheaper: redemptions ask for assignments that lie anywhere."""
        return self._rows == PIECE_ROWS and self._kind == "redemptions"

    def went(self, *, alone: bool) -> None:
        """A piece is taken, and nobody waited for it, as far as the store can tell."""
        self._alone = self._alone + 1 if alone else 0

    def of_a_file(self) -> Iterator[int]:
        """Not very large at first, so that something is to be seen soon."""
        if self._kind == "promotions":
            yield from repeat(_DEFINED_TOGETHER)
        yield from (self._rows // 4, self._rows // 4, self._rows // 2)
        while True:
            yield ALONE_PIECE_ROWS if self._alone >= _ALONE_FOR else self._rows
