"""Seeded worlds of one promotion: what it counts by the hour and by words, and a fault that begins at a known hour.

Counts have a day and a week, drift slowly, and spread more than Poisson's (negative binomial). Rows of words share them
unevenly. A fault takes all, or a part, of what some words count; or brings more of it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from promosight.rules.causes import Words

DIMENSIONS = ("source", "tier", "segment", "channel", "campaign")
WEEK = 168
WEEKS = 8
_WORDS = (
    ("web", "app", "till"),
    ("gold", "silver", "bronze"),
    ("new", "vip"),
    ("email", "push"),
    ("autumn", "winter"),
)


class Fault(NamedTuple):
    """What goes wrong: from which hour, of which words (by dimension), and how many times as much is left."""

    hour: int
    words: tuple[tuple[str, tuple[str, ...]], ...]
    left: float


class Shape(NamedTuple):
    """How a world counts: so many an hour, so much spread beyond Poisson's, and drift an hour."""

    name: str
    mean: float
    spread: float
    drift: float


SHAPES = tuple(
    Shape(f"{mean:g} an hour, {name}", mean, spread, drift)
    for mean in (1.0, 8.0, 60.0)
    for name, spread, drift in (
        ("even", 0.0, 0.0),
        ("as shops are", 0.05, 0.01),
        ("rough", 0.2, 0.02),
    )
)
"""The worlds of the report."""


class World:
    """One promotion's counts, `counts[hour, row]`, and the words of each row."""

    def __init__(self, shape: Shape, seed: int, fault: Fault | None) -> None:
        self._random = np.random.default_rng(seed)
        self.rows: list[Words] = []
        shares = self._shares()
        rates = self._rates(shape)[:, None] * shares[None, :]
        blamed: list[int] = []
        if fault is not None:
            blamed = [at for at, words in enumerate(self.rows) if _has(words, fault)]
            rates[fault.hour :, blamed] *= fault.left
        spread = np.ones((len(rates), 1))
        if shape.spread:
            spread = self._random.gamma(1 / shape.spread, shape.spread, (len(rates), 1))
        self.counts = self._random.poisson(rates * spread)
        self.lost = 0.0 if fault is None else float(shares[blamed].sum()) * (1 - fault.left)
        """The share of all redemptions that the fault takes."""

    def _shares(self) -> npt.NDArray[np.float64]:
        rows: list[tuple[Words, float]] = [((), 1.0)]
        for words in _WORDS:
            part = self._random.dirichlet(np.full(len(words), 4.0))
            rows = [
                ((*row, word), weight * share)
                for row, weight in rows
                for word, share in zip(words, part, strict=True)
            ]
        self.rows = [words for words, _ in rows]
        return np.array([weight for _, weight in rows])

    def _rates(self, shape: Shape) -> npt.NDArray[np.float64]:
        hours = np.arange(WEEKS * WEEK)
        day = 1 + 0.8 * np.sin((hours % 24 - 9) / 24 * 2 * np.pi)
        week = np.where(hours // 24 % 7 >= 5, 1.4, 1.0)
        drift = np.cumsum(
            self._random.normal(0, shape.drift, len(hours)) if shape.drift else 0 * hours
        )
        level = np.exp(drift - 0.5 * np.arange(len(hours)) * shape.drift**2)
        rates = day * week * level / (day * week).mean() * shape.mean
        return np.asarray(rates, dtype=np.float64)


def faults(seed: int) -> Fault:
    """A fault of a world: of one word, of two dimensions together, or of everything; nothing left, or a third."""
    random = np.random.default_rng(10_000 + seed)
    hour = int(5 * WEEK + random.integers(0, WEEK))
    kinds: list[tuple[tuple[str, tuple[str, ...]], ...]] = [()]
    for dimension, words in zip(DIMENSIONS, _WORDS, strict=True):
        kinds.append(((dimension, (words[int(random.integers(0, len(words)))],)),))
    kinds.append((("source", ("web",)), ("tier", ("gold",))))
    return Fault(hour, kinds[int(random.integers(0, len(kinds)))], float(random.choice((0.0, 0.3))))


def _has(words: Words, fault: Fault) -> bool:
    said = dict(fault.words)
    return all(
        dimension not in said or word in said[dimension]
        for dimension, word in zip(DIMENSIONS, words, strict=True)
    )
