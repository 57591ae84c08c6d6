"""Redemptions of CSV in the order of their promotions: a hundred thousand lines are put in order before they are read.

A file names every promotion that runs, so that twenty thousand of its rows want a little of each: every group that is
looked up and every entry that an index gets lies on a page of its own. Promotion by promotion they lie together. Lines
are moved as bytes, so that what is made of them is made in its new order, and lies together in memory, too.

Figures do not depend on any order (`rules.matching`), only on which content of an id was the first: where lines share
an id and are not the same, all stay as they came. So they do where anything is reversed or named by a code, or what
they name is too long or too much to be told at a glance. Lines of one promotion keep their order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from promosight.connectors.cells import Words
from promosight.connectors.csv_cells import block_of
from promosight.rules.numbers import Numbers
from promosight.rules.repeated import Repeated

TOGETHER = 100_000
"""So many lines are put in order together: some 15 MB."""

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
        self._lines: list[bytes] = []
        self._places: dict[str, int] = {}
        """Promotions by when they were first named."""
        self._promotions: list[Numbers] = []
        self._ids: list[Words] = []

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def is_full(self) -> bool:
        """Whether there are as many as are put in order together."""
        return len(self._lines) >= TOGETHER

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
        if self._id is not None:
            ids = block.cells.keys(block.starts[self._id], block.ends[self._id])
            if ids is None:
                return 0
            self._ids.append(ids)
        places = [self._places.setdefault(one, len(self._places)) for one in promotions.values]
        self._promotions.append(np.array(places, np.int64)[promotions.which])
        self._lines += block.text[:-1].split(b"\n")
        return len(promotions)

    def parts(self) -> Iterator[tuple[Numbers, bytes]]:
        """All lines, some at a time: the place of each among those added, and their text."""
        order = self._order()
        for start in range(0, len(order), _PART):
            rows = order[start : start + _PART]
            yield rows, b"\n".join(map(self._lines.__getitem__, rows.tolist())) + b"\n"

    def _order(self) -> Numbers:
        if not self._lines or self._share_an_id():
            return np.arange(len(self._lines))
        which = np.concatenate(self._promotions)
        return np.argsort(
            which.astype(np.uint16), kind="stable"
        )  # small numbers sort by their digits

    def _share_an_id(self) -> bool:
        """Whether lines do that are not the same; perhaps also where two ids look alike."""
        if not self._ids:
            return False
        ids, lines = np.concatenate(self._ids), self._lines
        order = np.argsort(ids)
        ids = ids[order]
        alike = np.flatnonzero(ids[1:] == ids[:-1])
        pairs = zip(order[alike].tolist(), order[alike + 1].tolist(), strict=True)
        return any(lines[one] != lines[other] for one, other in pairs)
