"""Numbers kept by text without the texts: millions of them, each by 96 bits of three hashes of its text, in 20 bytes.

A hash is the sum of a text's bytes, four as a number, each times a key of its place; the upper half of that is kept. By
keys that nobody knows two texts share one with odds of 1 in 2^32, whatever they are (multilinear hashing), so that any
two of two million share all three with odds of 1 in 10^16. The keys are Python's own hashes (SipHash under a secret key
of the process). Two texts that share the first two alone are told apart, as only one of them is kept. Texts hold no
character zero: no id may.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from promosight.rules.aligned import Aligned
from promosight.rules.numbers import NOTHING, Marks, Numbers

Checks = npt.NDArray[np.uint32]

_Signs = npt.NDArray[np.bytes_]
_HASHES = 3
_HALF = np.uint64(32)
_WORD = 4
_TOGETHER = 2_000
"""Texts hashed together: what is made of them stays near the processor."""
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
    key, check = np.empty(len(texts), np.int64), np.empty(len(texts), np.uint32)
    for start in range(0, len(texts), _TOGETHER):
        some = texts[start : start + _TOGETHER]
        end = start + len(some)
        key[start:end], check[start:end] = _hashes(_signs(some))
    row = np.argsort(key)
    return Fingerprints(key[row], check[row], row)


def _signs(texts: Sequence[str | None]) -> _Signs:
    if isinstance(texts, Aligned):
        return texts.signs
    return np.array([b"" if text is None else text.encode() for text in texts], np.bytes_)


def _hashes(signs: _Signs) -> tuple[Numbers, Checks]:
    """The first two hashes of each text as one number, and the third."""
    count = -(-signs.itemsize // _WORD)
    filled = np.zeros((len(signs), count * _WORD), np.uint8)
    its = np.ascontiguousarray(signs).view(np.uint8).reshape(len(signs), -1)
    filled[:, : its.shape[1]] = its
    words = filled.view("<u4").T.astype(np.uint64)
    first, second, third = (_hash(words, keys) for keys in _keys(count + 1))
    return (first << _HALF | second).view(np.int64), third.astype(np.uint32)


def _hash(words: npt.NDArray[np.uint64], keys: Sequence[np.uint64]) -> npt.NDArray[np.uint64]:
    found = np.full(words.shape[1], keys[0])
    for word, key in zip(words, keys[1:], strict=True):
        found += word * key
    return found >> _HALF


@cache
def _keys(count: int) -> list[list[np.uint64]]:
    """The keys of so many places, of each hash; the first of those of one stand alone."""
    return [
        [np.uint64(hash(f"{number} {place}") % 2**64) for place in range(count)]
        for number in range(_HASHES)
    ]


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
