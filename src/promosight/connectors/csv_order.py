"""Redemptions of CSV in the order of their promotions: up to a million lines are put in order before they are read.

A file names every promotion that runs, so that twenty thousand of its rows want a little of each: every group that is
looked up and every entry that an index gets lies on a page of its own. Promotion by promotion they lie together. Lines
are moved as bytes, so that what is made of them is made in its new order, and lies together in memory, too. They wait
in a temporary file, each block in order by itself (`sorted_runs`).

Figures do not depend on any order (`rules.matching`), only on which content of an id was the first: where lines share
an id and are not the same, all stay as they came. So they do where anything is reversed or named by a code, or what
they name is too long or too much to be told at a glance. Lines of one promotion keep their order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from promosight.connectors.cells import Words
from promosight.connectors.csv_cells import block_of
from promosight.connectors.sorted_runs import Runs
from promosight.rules.numbers import Numbers
from promosight.rules.repeated import Repeated

TOGETHER = 1_000_000
"""So many lines are put in order together: some 100 MB of a temporary file, and 25 bytes of memory for each."""

_PART = 10_000
"""So many are given back at once: what is worked at lies near the processor."""

_MOST = 1 << 16
"""So many promotions at the most."""

_PROMOTION, _ID = "promotion_id", "event_id"
_REACHING = ("reverses", "promo_code")
"""What makes a line a matter of others."""


class Ordering:
    """Lines that are put in order together: blocks that follow each other are added, then all are given back."""

    def __init__(self, header: Sequence[str]) -> None:
        self._width = len(header)
        self._promotion = header.index(_PROMOTION)
        self._id = header.index(_ID) if _ID in header else None
        self._reaching = [place for place, name in enumerate(header) if name in _REACHING]
        self._places: dict[str, int] = {}
        """Promotions by when they were first named."""
        self._runs = Runs()
        self._ids: list[Words] = []
        self._contents: list[Words] = []

    def __len__(self) -> int:
        return len(self._runs)

    @property
    def is_full(self) -> bool:
        """Whether there are as many as are put in order together."""
        return len(self) >= TOGETHER or not self._runs.can_grow

    def close(self) -> None:
        """Lets go of what was added."""
        self._runs.close()

    def add(self, text: bytes) -> int:
        """Adds the lines of a block, and says how many; none where they have to stay as they come."""
        block = block_of(text, self._width)
        if block is None or not all(map(block.says_nothing, self._reaching)):
            return 0
        promotions = block.column(self._promotion)
        if not isinstance(promotions, Repeated):
            return 0
        if len(self._places) + len(promotions.values) > _MOST:
            return 0
        lines = block.text[:-1].split(b"\n")
        lengths = block.ends[-1] - block.starts[0]
        if self._id is not None:
            ids = block.cells.keys(block.starts[self._id], block.ends[self._id])
            if ids is None:
                return 0
            self._ids.append(ids)
            contents = np.fromiter(map(hash, lines), np.int64, len(lines))
            self._contents.append(contents.view(np.uint64))
        places = [self._places.setdefault(one, len(self._places)) for one in promotions.values]
        self._runs.add(lines, lengths, np.array(places, np.uint16)[promotions.which])
        return len(lines)

    def parts(self) -> Iterator[tuple[Numbers, bytes]]:
        """All lines, some at a time: the place of each among those added, and their text."""
        return self._runs.as_they_came(_PART) if self._share_an_id() else self._runs.merged(_PART)

    def _share_an_id(self) -> bool:
        """Whether lines do that are not the same: more lines differ than ids. Perhaps also where two ids look alike."""
        if not self._ids:
            return False
        ids = self._differing(self._ids)
        for one, content in zip(self._ids, self._contents, strict=True):
            one += content
        lines = self._differing(self._ids)
        self._ids, self._contents = [], []
        return lines > ids

    @staticmethod
    def _differing(parts: list[Words]) -> int:
        """How many different numbers there are."""
        numbers = np.concatenate(parts)
        numbers.sort()
        return 1 + int(np.count_nonzero(numbers[1:] != numbers[:-1]))
