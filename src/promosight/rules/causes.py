"""The cause of an anomaly: the fewest words that explain most of what is missing, or of what came too much.

Every row of counts bears the same words as facts do (tier, segment, source, channel, campaign), with what was
expected of it and what was counted. A *part* is the rows with some words of one dimension, or with a word of each of
two. Its score is how much likelier its count is by its own mean than by the expected one (`anomalies.scan_score`).
Of all parts the one with the highest score is the cause, each word costing some; the whole is a part, too: then it
is everywhere, and no word is to blame. Within one dimension the best set is among the words in the order of actual
to expected, so that none else need be tried (Neill, Fast subset scan for spatial pattern detection, JRSS B 74(2),
2012).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from math import log
from typing import NamedTuple

from promosight.rules.anomalies import Direction, scan_score

_MOST_WORDS = 4
"""More words of a dimension are no answer."""
_LEAST_SHARE = 0.5
"""A cause explains so much at least of what is missing."""

Words = tuple[str, ...]


class Part(NamedTuple):
    """Some words by dimension, and what the rows with them came to."""

    words: tuple[tuple[str, Words], ...]
    expected: float
    actual: float
    score: float

    @property
    def size(self) -> int:
        """How many words it takes to say which rows."""
        return sum(len(words) for _, words in self.words)


class Cause(NamedTuple):
    """The part to blame, the share of all that it explains, and the parts that would do as well."""

    words: tuple[tuple[str, Words], ...]
    expected: float
    actual: float
    share: float
    others: tuple[tuple[tuple[str, Words], ...], ...] = ()


class Line(NamedTuple):
    """A word of a dimension: what was expected of it, what was counted, and its share of what is missing there."""

    dimension: str
    word: str
    expected: float
    actual: float
    share: float


Counts = Mapping[Words, tuple[float, float]]
"""By the words of a row, one for each dimension ('' for none): expected, actual."""


def trace(dimensions: Sequence[str], counts: Counts, direction: Direction) -> Cause | None:
    """The cause, or None when nothing is missing. Without words: it is everywhere."""
    expected, actual = _sum(counts.values())
    missing = expected - actual
    whole = Part((), expected, actual, scan_score(expected, actual, direction))
    if not whole.score:
        return None
    parts = list(_parts(dimensions, counts, direction))
    tried = log(1 + len(parts))
    best = max(
        (part for part in parts if (part.expected - part.actual) / missing >= _LEAST_SHARE),
        key=lambda part: (_worth(part, tried), -part.size),
        default=None,
    )
    if best is None or _worth(best, tried) <= whole.score:
        return Cause((), expected, actual, 1.0)
    alike = [
        part.words
        for part in parts
        if part.words != best.words
        and part.size == best.size
        and len(part.words) == len(best.words)
        and abs(_worth(part, tried) - _worth(best, tried)) < 0.5
    ]
    share = min(1.0, (best.expected - best.actual) / missing)
    return Cause(best.words, best.expected, best.actual, share, tuple(alike[:3]))


def lines(
    dimensions: Sequence[str], counts: Counts, direction: Direction, *, most: int = 5
) -> list[Line]:
    """Of each dimension with more than one word its words, those first of which most is missing (or came too much).

    Shares are of what is missing where something is, so that those of a dimension add up to one.
    """
    sign = 1 if direction == "drop" else -1
    found: list[Line] = []
    for at, dimension in enumerate(dimensions):
        by_word = {words[0]: pair for words, pair in _by_word(counts, (at,)).items()}
        missing = {word: max(0.0, sign * (e - a)) for word, (e, a) in by_word.items()}
        total = sum(missing.values())
        if len(by_word) > 1 and total:
            told = [
                Line(dimension, word, e, a, missing[word] / total)
                for word, (e, a) in by_word.items()
            ]
            found += sorted(told, key=lambda line: (-line.share, line.word))[:most]
    return found


def _worth(part: Part, tried: float) -> float:
    """A score less what its words cost: as much as so many parts would reach by chance."""
    return part.score - tried - 1.0 * part.size


def _parts(dimensions: Sequence[str], counts: Counts, direction: Direction) -> Iterable[Part]:
    for at, dimension in enumerate(dimensions):
        by_word = _by_word(counts, (at,))
        if len(by_word) > 1:
            yield from _sets(dimension, by_word, direction)
    for two in combinations(range(len(dimensions)), 2):
        for words, (e, a) in _by_word(counts, two).items():
            said = tuple((dimensions[at], (word,)) for at, word in zip(two, words, strict=True))
            yield Part(said, e, a, scan_score(e, a, direction))


def _sets(
    dimension: str, by_word: Mapping[Words, tuple[float, float]], direction: Direction
) -> Iterable[Part]:
    sign = 1 if direction == "drop" else -1
    ordered = sorted(
        by_word.items(), key=lambda one: (sign * one[1][1] / max(one[1][0], 1e-9), one[0])
    )
    expected = actual = 0.0
    words: list[str] = []
    for (word,), (e, a) in ordered[: min(_MOST_WORDS, len(ordered) - 1)]:
        yield Part(((dimension, (word,)),), e, a, scan_score(e, a, direction))
        words.append(word)
        expected, actual = expected + e, actual + a
        if len(words) > 1:
            said = ((dimension, tuple(sorted(words))),)
            yield Part(said, expected, actual, scan_score(expected, actual, direction))


def _by_word(counts: Counts, at: tuple[int, ...]) -> dict[Words, tuple[float, float]]:
    found: dict[Words, tuple[float, float]] = {}
    for words, (expected, actual) in counts.items():
        key = tuple(words[one] for one in at)
        e, a = found.get(key, (0.0, 0.0))
        found[key] = e + expected, a + actual
    return found


def _sum(pairs: Iterable[tuple[float, float]]) -> tuple[float, float]:
    told = list(pairs)
    return sum(e for e, _ in told), sum(a for _, a in told)


def since(expected: Sequence[float], actual: Sequence[float], direction: Direction) -> int | None:
    """The first of the bins of time that belong to it: those from there to the end are the least likely ones."""
    best, found, e, a = 0.0, None, 0.0, 0.0
    for at in range(len(expected) - 1, -1, -1):
        e, a = e + expected[at], a + actual[at]
        score = scan_score(e, a, direction)
        if score > best:
            best, found = score, at
    return found
