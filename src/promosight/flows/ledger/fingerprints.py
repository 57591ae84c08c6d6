"""Numbers kept by text without the texts: millions of them, each by 96 bits of two hashes of its text, in 20 bytes.

Both are Python's own hash (SipHash under a secret key of the process), which a text remembers once it was asked for it:
of the text, and of the text with a sign before it. That two of two million texts share both has odds of 1 in 10^16; two
that share the first alone are told apart, as only one of them is kept. Python hashes the bytes that a text has in
memory, so that some unequal texts always share the first; with a sign before them they are unequal bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from promosight.rules.numbers import NOTHING, Marks, Numbers

Checks = npt.NDArray[np.uint32]

_SIGN = "~"
_TOGETHER = 1_000
"""Texts hashed together: the second hash finds them near the processor still."""
_FEW = 25_000
_FEW_OF = 8
"""New ones are kept apart until they are so many and one for eight of the others: each is then moved some ten times."""


class Fingerprints(NamedTuple):
    """Texts by their hashes, in the order of the first; `row` is where each stood."""

    key: Numbers
    check: Checks
    row: Numbers

    def some(self, which: Marks) -> Fingerprints:
        """Those that are marked, in their order here."""
        return Fingerprints(self.key[which], self.check[which], self.row[which])


def fingerprints(texts: Sequence[str | None]) -> Fingerprints:
    """The fingerprints of many texts; None has that of the empty one."""
    key, check = np.empty(len(texts), np.int64), np.empty(len(texts), np.int64)
    try:
        for start in range(0, len(texts), _TOGETHER):
            some = texts[start : start + _TOGETHER]
            end = start + len(some)
            check[start:end] = _hashes(map(_SIGN.__add__, some), len(some))  # type: ignore[arg-type]
            key[start:end] = _hashes(some, len(some))
    except TypeError:  # costs less to find out than to look for
        return fingerprints(["" if text is None else text for text in texts])
    row = np.argsort(key)
    return Fingerprints(key[row], check[row].astype(np.uint32), row)


def _hashes(texts: Any, count: int) -> Numbers:
    return np.fromiter(map(hash, texts), np.int64, count)


class NumbersByText:
    """A number for each of many texts."""

    def __init__(self) -> None:
        self._large = _Part()
        self._new = _Part()
        """Those that came lately: they join the others when they have become many."""

    def __len__(self) -> int:
        return len(self._large.key) + len(self._new.key)

    def find(self, asked: Fingerprints) -> Numbers:
        """The number of each, by its row; NOTHING where none is kept."""
        found = np.full(len(asked.row), NOTHING)
        for part in (self._large, self._new):
            _, same, at = part.places(asked)
            found[asked.row[same]] = part.number[at[same]]
        return found

    def put(self, asked: Fingerprints, numbers: Numbers) -> None:
        """Keeps a number for each, by its row, but for whose first hash is another's; no two are the same text."""
        new = np.append(True, asked.key[1:] != asked.key[:-1])[: len(asked.key)]
        for part in (self._large, self._new):
            alike, same, at = part.places(asked)
            part.number[at[same]] = numbers[asked.row[same]]
            new &= ~alike
        if new.any():
            key, check, row = asked.some(new)
            self._new.join(key, check, numbers[row])
        if len(self._new.key) > max(_FEW, len(self._large.key) // _FEW_OF):
            self._large.join(self._new.key, self._new.check, self._new.number)
            self._new = _Part()

    def let_go(self) -> None:
        """Lets every second go. Their order is that of a hash, so that it may be anybody."""
        self._large.halve()
        self._new.halve()


class _Part:
    """Texts by their hashes and their numbers, in the order of the first hash."""

    def __init__(self) -> None:
        self.key = np.empty(0, np.int64)
        self.check = np.empty(0, np.uint32)
        self.number = np.empty(0, np.int64)

    def places(self, asked: Fingerprints) -> tuple[Marks, Marks, Numbers]:
        """Of which of those asked for the first hash is here, of which both are, and where that may be."""
        at = np.searchsorted(self.key, asked.key)
        if not len(self.key):
            nowhere = np.zeros(len(at), np.bool_)
            return nowhere, nowhere, at
        np.minimum(at, len(self.key) - 1, out=at)
        alike = self.key[at] == asked.key
        return alike, alike & (self.check[at] == asked.check), at

    def join(self, key: Numbers, check: Checks, number: Numbers) -> None:
        """Takes in others, in the same order; one column after the other, so that no more than one is there twice."""
        at = np.searchsorted(self.key, key)
        self.key = np.insert(self.key, at, key)
        self.check = np.insert(self.check, at, check)
        self.number = np.insert(self.number, at, number)

    def halve(self) -> None:
        """Keeps every second."""
        self.key = self.key[::2].copy()
        self.check = self.check[::2].copy()
        self.number = self.number[::2].copy()
