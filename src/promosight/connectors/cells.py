"""Cells of a block of text as columns, without a text for each cell.

A column that says few different things, as most do, becomes texts for these alone. Where cells begin and end is told by
who knows the form: CSV (`csv_cells`) or lines of JSON (`json_cells`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from promosight.rules.aligned import Aligned
from promosight.rules.numbers import Marks, Numbers
from promosight.rules.repeated import Repeated

Words = npt.NDArray[np.uint64]

_FIRST_PLAIN, _LAST_PLAIN = np.uint8(0x21), np.uint8(0x7E)
_WORD = 8
WIDEST = 8 * _WORD
"""Cells are compared by so many bytes at most; what is longer hardly says the same again and again."""

_GLANCE = 256
_FEW = 400
"""No more different values than these are looked for where they do not follow each other."""

_WASTED = 2
"""Cells that lie side by side take at most so many times what is in them."""

_SOME = 512
_ROUNDS = 6
"""So often some rows are looked at that say what none before did."""

_ODD, _ODDER = np.uint64(0x9E37_79B1_85EB_CA87), np.uint64(0xBF58_476D_1CE4_E5B9)
_HALF = np.uint64(32)
_MASKS = np.array([(1 << 8 * length) - 1 for length in range(_WORD + 1)], np.uint64)
"""By how many of a word's bytes belong to a cell."""


def plain_lines(text: bytes, unusual: bytes) -> bytes | None:
    """The text, each line ended by one sign alone; None where a sign in it may mean more, or is not UTF-8."""
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    if any(sign in text for sign in unusual):
        return None
    if not text.isascii():
        try:
            text.decode()
        except UnicodeDecodeError:
            return None
    return text if text.endswith(b"\n") else text + b"\n"


class Cells:
    """A block of text of which cells are parts. Each is followed by a sign that is not in it."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._bytes = np.frombuffer(text + b"\0" * (WIDEST + 1), np.uint8)
        self._characters = text.decode() if text.isascii() else None

    def column(self, starts: Numbers, ends: Numbers) -> Sequence[str]:
        """The cells of a column, of which there is one at least."""
        lengths = ends - starts
        longest = int(lengths.max())
        if longest == 0:
            return Repeated([""], np.zeros(len(starts), np.int64))
        if longest <= WIDEST and self._says_things_again(starts, ends):
            words = self._words(starts, lengths, longest)
            found = _by_runs(words) or _by_value(words)
            if found is not None:
                return _each_once([*self._texts(starts[found[0]], ends[found[0]])], found[1])
        return self._texts(starts, ends)

    def keys(self, starts: Numbers, ends: Numbers) -> Words | None:
        """A number for each cell: of equal ones the same, of others hardly ever.

        None where one is too long or empty, or has at either end a sign that may be trimmed.
        """
        lengths = ends - starts
        longest = int(lengths.max())
        if longest > WIDEST or lengths.min() == 0 or self._may_be_trimmed(starts, ends):
            return None
        return _keyed(self._words(starts, lengths, longest))

    def _may_be_trimmed(self, starts: Numbers, ends: Numbers) -> bool:
        return any(
            (self._bytes[places] - _FIRST_PLAIN > _LAST_PLAIN - _FIRST_PLAIN).any()
            for places in (starts, ends - 1)
        )

    def _says_things_again(self, starts: Numbers, ends: Numbers) -> bool:
        """Whether a column does, as far as can be told at a glance."""
        some = self._texts(starts[:_GLANCE], ends[:_GLANCE])
        return 4 * len(set(some)) <= 3 * len(some)

    def _words(self, starts: Numbers, lengths: Numbers, longest: int) -> list[Words]:
        """The bytes of cells as numbers, eight in each."""
        count = -(-longest // _WORD)
        signs = self.gathered(starts, count * _WORD).view(np.uint64).reshape(-1, count)
        words = []
        for number in range(count):
            its = np.clip(lengths - number * _WORD, 0, _WORD)
            words.append(signs[:, number] & _MASKS[its])
        return words

    def _texts(self, starts: Numbers, ends: Numbers) -> Sequence[str]:
        """The texts of cells."""
        aligned = self._side_by_side(starts, ends - starts)
        if aligned is not None:
            return aligned
        both = zip(starts.tolist(), ends.tolist(), strict=True)
        if (text := self._characters) is not None:
            return [text[start:end] for start, end in both]
        return [self._text[start:end].decode() for start, end in both]

    def _side_by_side(self, starts: Numbers, lengths: Numbers) -> Aligned | None:
        """Cells as the bytes of plain ids, of lengths that differ little; None where they are not all that."""
        if not len(lengths):
            return None
        longest, shortest = int(lengths.max()), int(lengths.min())
        if not shortest or longest > WIDEST or longest * len(lengths) > _WASTED * lengths.sum():
            return None
        signs = self.gathered(starts, longest).view(np.uint8).reshape(-1, longest)
        filled = 0
        if shortest < longest:
            beyond = np.arange(longest) >= lengths[:, None]
            signs[beyond] = 0
            filled = int(np.count_nonzero(beyond))
        unusual = np.count_nonzero(signs - _FIRST_PLAIN > _LAST_PLAIN - _FIRST_PLAIN)
        return Aligned(signs.view(f"S{longest}")[:, 0]) if unusual == filled else None

    def gathered(self, places: Numbers, size: int) -> npt.NDArray[np.void]:
        """So many bytes from each place on, at most WIDEST and one."""
        signs = self._bytes
        everywhere: npt.NDArray[np.void] = np.ndarray(
            (len(signs) - size + 1,), f"V{size}", signs, strides=(1,)
        )
        return everywhere[places]


def _by_runs(words: list[Words]) -> tuple[Numbers, Numbers] | None:
    """Of a column in which rows that follow each other say the same: the first row of each run, and the run of each."""
    begins = np.ones(len(words[0]), np.bool_)
    begins[1:] = _differ([word[1:] for word in words], [word[:-1] for word in words])
    firsts = np.flatnonzero(begins)
    return (firsts, np.cumsum(begins) - 1) if 2 * len(firsts) <= len(begins) else None


def _by_value(words: list[Words]) -> tuple[Numbers, Numbers] | None:
    """Of a column that says one of a few things in each row: a row that says each of them, and which each row says."""
    key = _keyed(words)
    known = np.unique(key[:_SOME])
    for _ in range(_ROUNDS):
        which = np.minimum(np.searchsorted(known, key), len(known) - 1)
        strange = np.flatnonzero(known[which] != key)
        if not len(strange):
            break
        known = np.union1d(known, key[strange[:: 1 + len(strange) // _SOME]])
        if len(known) > _FEW:
            return None
    else:
        return None
    rows = np.empty(len(known), np.int64)
    rows[which] = np.arange(len(key))
    # Two may share a key.
    alike = not _differ(words, [word[rows][which] for word in words]).any()
    return (rows, which) if alike else None


def _keyed(words: list[Words]) -> Words:
    """A number for each cell: of equal ones the same, of others hardly ever.

    Words that are empty add nothing, so that it is the same in a block of which another cell is longer.
    """
    key = words[0]
    for number, word in enumerate(words[1:]):
        more = word * _ODD
        more ^= more >> _HALF
        more *= _ODDER + np.uint64(2 * number)
        key = key + more
    return key


def _differ(some: list[Words], others: list[Words]) -> Marks:
    found: Marks = some[0] != others[0]
    for one, other in zip(some[1:], others[1:], strict=True):
        found |= one != other
    return found


def _each_once(texts: list[str], which: Numbers) -> Repeated:
    """The column of texts, some of which may be equal."""
    places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    if len(places) == len(texts):
        return Repeated(texts, which)
    joined = np.fromiter(map(places.__getitem__, texts), np.int64, len(texts))
    return Repeated(list(places), joined[which])
