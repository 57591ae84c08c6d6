"""Simulated logs of decisions with a known truth: customers with tastes, a model that errs, a policy that explores.

A `Market` is what stays: what segments like, what a redemption is worth, how the model errs. `drawn` makes one log of
it: new customers each time, some decisions of each (so they are not independent), outcomes by chance. What a target
is truly worth is the mean of what it would have got over many logs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promosight.rules.logged import NONE, Floats, Log
from promosight.rules.policy import Benchmark, blended
from promosight.rules.targets import one_each, uniform

SEGMENTS, EACH = 5, 4
FLOOR = 0.02


@dataclass(frozen=True)
class Market:
    """What stays the same from log to log."""

    segments: Floats
    """What each segment likes of each offer, in log-odds."""
    quality: Floats
    value: Floats
    errors: Floats
    """What the logging model has wrong: segment x offer."""
    taste: float
    """Spread of what single customers like, which no model sees."""
    gamma: float

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of its logs."""
        return (*(f"offer-{at}" for at in range(len(self.value))), NONE)


@dataclass(frozen=True)
class Drawn:
    """A log; what each arm was truly worth in each decision; and the candidate's scores."""

    log: Log
    truly: Floats
    better: Floats
    """What a model with half the errors expects."""


def market(seed: int, *, personal: float = 0.7, offers: int = 8, gamma: float = 10.0) -> Market:
    """A market; without personal differences if `personal` is 0."""
    rng = np.random.default_rng([61, seed])
    return Market(
        segments=rng.normal(0, 1, (SEGMENTS, offers)) * personal,
        quality=rng.normal(0, 0.3, offers),
        value=rng.lognormal(3, 0.2, offers),
        errors=rng.normal(0, 0.3, (SEGMENTS, offers)),
        taste=min(personal, 0.5),
        gamma=gamma,
    )


def drawn(
    found: Market, rng: np.random.Generator, decisions: int, benchmark: tuple[int, float] = (0, 0.0)
) -> Drawn:
    """One log of a market; a share of its decisions may go to a benchmark (its column, and the share)."""
    customers = decisions // EACH
    who = rng.integers(customers, size=decisions)
    segment = rng.integers(SEGMENTS, size=customers)[who]
    tastes = rng.normal(0, 1, (customers, len(found.value)))[who] * found.taste
    seen = found.quality + found.segments[segment] - 2.6
    p = _likely(seen + tastes)
    expected = _worth(found, _likely(seen + found.errors[segment]))
    column, share = benchmark
    named = Benchmark(np.full(decisions, column), share)
    pmf = blended(explored(expected, found.gamma), named)
    chosen = np.minimum(
        (pmf.cumsum(axis=1) < rng.random((decisions, 1))).sum(axis=1), len(found.value)
    )
    rows = np.arange(decisions)
    redeemed = rng.random(decisions) < np.column_stack([p, np.zeros(decisions)])[rows, chosen]
    log = Log(
        names=found.names,
        pmf=pmf,
        expected=expected,
        chosen=chosen,
        reward=np.where(redeemed, np.append(found.value, 0.0)[chosen], 0.0),
        customer=rng.permutation(customers)[who].astype(np.uint64),
        decided_us=rows.astype(np.int64),
    )
    return Drawn(log, _worth(found, p), _worth(found, _likely(seen + found.errors[segment] / 2)))


def explored(scores: Floats, gamma: float) -> Floats:
    """Inverse gap weighting over a floor of even draws."""
    count, rows = scores.shape[1], np.arange(len(scores))
    gaps = scores.max(axis=1, keepdims=True) - scores
    mean = gaps.mean(axis=1, keepdims=True)
    pmf = 1 / (count + gamma * gaps / np.where(mean > 0, mean, 1.0))
    best = scores.argmax(axis=1)
    pmf[rows, best] = 0.0
    pmf[rows, best] = 1 - pmf.sum(axis=1)
    found: Floats = (1 - FLOOR) * pmf + FLOOR / count
    return found


def targets(found: Drawn, gamma: float) -> dict[str, Floats]:
    """What ran, a better and greedier model, only its best offers, an even draw, one offer for all."""
    log, better = found.log, found.better
    fixed = int(found.truly[:, :-1].mean(axis=0).argmax())
    return {
        "logged": log.pmf,
        "current": explored(better, 2 * gamma),
        "greedy": one_each(log, better.argmax(axis=1)),
        "uniform": uniform(log),
        "fixed": one_each(log, np.full(len(log), fixed)),
    }


def truths(found: Market, decisions: int, logs: int = 40) -> dict[str, float]:
    """What each target is truly worth per decision."""
    rng = np.random.default_rng(7)
    sums: dict[str, list[float]] = {}
    for _ in range(logs):
        one = drawn(found, rng, decisions)
        for name, target in targets(one, found.gamma).items():
            sums.setdefault(name, []).append(float((target * one.truly).sum(axis=1).mean()))
    return {name: float(np.mean(values)) for name, values in sums.items()}


def _worth(found: Market, p: Floats) -> Floats:
    return np.column_stack([p * found.value, np.zeros(len(p))])


def _likely(odds: Floats) -> NDArray[np.float64]:
    likely: Floats = 1 / (1 + np.exp(-odds))
    return likely
