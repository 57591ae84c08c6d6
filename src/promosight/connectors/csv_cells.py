"""Blocks of CSV as columns: where cells end is found for all of a block at once.

Whatever is unusual in a block is no matter of this module, which says so and does nothing: the block is read line by
line then, to the same end.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from promosight.connectors.cells import Cells, plain_lines
from promosight.rules.numbers import Numbers

_COMMA, _END = ord(","), ord("\n")
_UNUSUAL = b'"\r\0'


class CsvBlock(NamedTuple):
    """Lines of CSV in which nothing is quoted, none is blank and all have as many cells: where these begin and end."""

    text: bytes
    """With one sign alone at the end of each line."""
    cells: Cells
    starts: Numbers
    """A row for each column."""
    ends: Numbers

    def column(self, place: int) -> Sequence[str]:
        """The cells of a column."""
        return self.cells.column(self.starts[place], self.ends[place])

    def says_nothing(self, place: int) -> bool:
        """Whether all cells of a column are empty."""
        return bool((self.starts[place] == self.ends[place]).all())


def block_of(text: bytes, width: int) -> CsvBlock | None:
    """Lines as a block, if all are as wide as the header and nothing in them is unusual; else None."""
    plain = plain_lines(text, _UNUSUAL)
    if plain is None or width < 2:
        return None
    places = _places(plain, width)
    return None if places is None else CsvBlock(plain, Cells(plain), *places)


def columns_of_block(text: bytes, width: int) -> list[Sequence[str]] | None:
    """The columns of such lines; else None."""
    block = block_of(text, width)
    return None if block is None else [block.column(place) for place in range(width)]


def _places(text: bytes, width: int) -> tuple[Numbers, Numbers] | None:
    """Where cells begin and end, a row for each column, if each line has so many and is not blank or too long."""
    signs = np.frombuffer(text, np.uint8)
    ending = signs == _COMMA
    ending |= signs == _END
    marks = np.flatnonzero(ending)
    rows = len(marks) // width
    if rows * width != len(marks):
        return None
    ends_line = (signs[marks] == _END).reshape(rows, width)
    if not ends_line[:, -1].all() or np.count_nonzero(ends_line) != rows:
        return None
    ends = np.ascontiguousarray(marks.reshape(rows, width).T)
    starts = np.empty_like(ends)
    np.add(ends[:-1], 1, out=starts[1:])
    starts[0, 0] = 0
    np.add(ends[-1, :-1], 1, out=starts[0, 1:])
    lengths = ends[-1] - starts[0]
    if lengths.min() < width or lengths.max() > csv.field_size_limit():
        return None
    return starts, ends
