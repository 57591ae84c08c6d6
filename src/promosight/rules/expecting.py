"""What a count is expected to be in its slot of time, from what the slots before it counted.

A slot is an hour or a batch. Its expectation is a profile times a level. The profile is what this hour of the week
usually counts; while there are too few weeks, this hour of the day; and before that, any slot: each is drawn towards
the next coarser one as a gamma prior of a few events draws it. The level says how the last two days compare with the
profile: a gamma posterior whose past is discounted (West and Harrison, Bayesian Forecasting and Dynamic Models,
1997, 2nd edition). Counts spread more than Poisson's: what they did beyond that is measured and added, so that a
slot's count is negative binomial with a mean and a size. docs/anomalies.md has the formulas.
"""

from __future__ import annotations

from collections import deque
from math import exp, lgamma, log, log1p, sqrt
from typing import NamedTuple

_PRIOR_EVENTS = 3.0
"""A finer profile must have counted more than this to outweigh the coarser one."""
_LEVEL_EVENTS = 4.0
"""So much the level is drawn to one."""
_DAYS_KEPT, _WEEKS_KEPT = 14, 4
_BESIDE = 0.5
"""The hours beside one say half as much of it as the hour itself."""
_LASTING, _LEAST_LASTING = 0.1, 0.02**2
_FIRST = 7
"""The first slots are too little to measure by how far others are off."""
_OUTLYING = 3.0
"""Of one slot no more than so many standard deviations count when the spread is measured."""


class Season(NamedTuple):
    """How many slots a day and a week have (one where nothing recurs), and in how many the plain rate halves."""

    day: int
    week: int
    memory: int


HOURS = Season(24, 168, 336)
BATCHES = Season(1, 7, 14)
STEADY = Season(1, 1, 336)
"""Hours of a share: it depends on no hour of the day."""


class Expected(NamedTuple):
    """A negative binomial count: its mean and its size (the variance is mean + mean²/size)."""

    mean: float
    size: float

    @property
    def variance(self) -> float:
        """How much counts spread."""
        return self.mean + self.mean * self.mean / self.size

    def scaled(self, factor: float) -> Expected:
        """The same of so many times as much."""
        return Expected(self.mean * factor, self.size)

    def band(self, outside: float = 0.05) -> tuple[int, int]:
        """The least and the most count that are no surprise: each side has half of `outside`."""
        low, high, below, count = 0, 0, 0.0, 0
        log_p = -self.size * log1p(self.mean / self.size)
        ratio = self.mean / (self.size + self.mean)
        found_low = False
        while below < 1 - outside / 2 and count < 10 * (self.mean + 10):
            below += exp(log_p) if log_p > -700 else 0.0
            if not found_low and below > outside / 2:
                low, found_low = count, True
            high = count
            log_p += log(ratio) + log((self.size + count) / (count + 1)) if ratio > 0 else -1e9
            count += 1
        return low, high


class Expectation:
    """The expectation of one series, slot by slot: what is expected is asked before the slot is learned."""

    def __init__(self, season: Season, *, half_life: float, least_spread: float) -> None:
        self._season = season
        self._kept = 0.5 ** (1 / half_life)
        self._least_spread = least_spread
        self._by_day: list[deque[tuple[float, float]]] = [
            deque(maxlen=_DAYS_KEPT) for _ in range(season.day)
        ]
        self._by_week: list[deque[tuple[float, float]]] = [
            deque(maxlen=_WEEKS_KEPT) for _ in range(season.week)
        ]
        # The last day is no part of a profile yet: what has just changed must not pass for usual.
        self._fresh: deque[tuple[int, float, float]] = deque()
        self._all = [0.0, 0.0]  # events, weight; of the last weeks
        self._all_kept = 0.5 ** (1 / season.memory)
        self._events = self._profiled = 0.0
        self._beyond = self._squared = 0.0
        self._off = _Off(season)
        self.slots = 0
        self._latest: tuple[int, int, tuple[float, float]] = (-1, 0, (0.0, 0.0))
        """The profile that was asked for last: after how many slots, of which place, and what it is."""

    @property
    def lasting(self) -> float:
        """By what share counts of half a day together were off what was expected of them, as a standard deviation.

        What is measured is beyond what slots would be off that knew nothing of each other: the mean drifts, and the
        profile is never quite right.
        """
        return self._off.deviation

    def expected(self, place: int, weight: float) -> Expected:
        """What a slot at a place of the week counts, of a weight (1 unless the count is a part of something)."""
        return self._of(*self._profile(place), weight)

    def _of(self, rate: float, behind: float, weight: float) -> Expected:
        level_events, level_profiled = self._events + _LEVEL_EVENTS, self._profiled + _LEVEL_EVENTS
        mean = max(1e-6, rate * weight * level_events / level_profiled)
        wide = self._spread() + 1 / level_events + 1 / behind
        return Expected(mean, 1 / wide)

    def rebase(self, ratio: float) -> None:
        """From now on so many times as much is expected."""
        rate = self._events + _LEVEL_EVENTS
        self._events = max(0.0, ratio * rate - _LEVEL_EVENTS)

    def learn(self, place: int, weight: float, count: float) -> None:
        """Takes a slot into what the next ones are expected from."""
        rate, behind = self._profile(place)
        if self.slots >= max(_FIRST, self._season.memory // 14):
            expected = self._of(rate, behind, weight)
            self._learn_spread(expected, count)
            self._off.learn(expected, count)
        self._events = self._kept * self._events + count
        self._profiled = self._kept * self._profiled + rate * weight
        self._all = [self._all_kept * self._all[0] + count, self._all_kept * self._all[1] + weight]
        self._fresh.append((place, count, weight))
        if len(self._fresh) > self._season.day:
            place, count, weight = self._fresh.popleft()
            self._by_day[place % self._season.day].append((count, weight))
            self._by_week[place].append((count, weight))
        self.slots += 1

    def _learn_spread(self, expected: Expected, count: float) -> None:
        off = min((count - expected.mean) ** 2, _OUTLYING**2 * expected.variance)
        kept = self._all_kept
        self._beyond = kept * self._beyond + off - expected.mean
        self._squared = kept * self._squared + expected.mean**2

    def _spread(self) -> float:
        """One over the size that the slots so far had, were their means known."""
        rate = self._all[0] / self._all[1] if self._all[1] else 0.0
        prior = self._season.memory / 14 * max(rate * rate, 1e-9)
        said = (self._beyond + prior * 2 * self._least_spread) / (self._squared + prior)
        return max(self._least_spread, said)

    def _profile(self, place: int) -> tuple[float, float]:
        """The rate of a place by a weight of one, and how many events say so. A slot is asked for, then learned."""
        slots, of, profile = self._latest
        if (slots, of) != (self.slots, place):
            profile = self._made_profile(place)
            self._latest = self.slots, place, profile
        return profile

    def _made_profile(self, place: int) -> tuple[float, float]:
        events, weight = self._all
        rate, behind = (events + 0.5) / (weight + 1), events + 0.5
        if self._season.day > 1:
            rate, behind = self._finer(self._by_day, place % self._season.day, rate)
        if self._season.week > self._season.day:
            rate, behind = self._finer(self._by_week, place, rate)
        return rate, behind

    def _finer(
        self, places: list[deque[tuple[float, float]]], place: int, coarser: float
    ) -> tuple[float, float]:
        events, weight = _PRIOR_EVENTS, _PRIOR_EVENTS / max(coarser, 1e-9)
        size, beside = len(places), _BESIDE if self._season.day > 1 else 0.0
        for step, share in ((0, 1.0), (-1, beside), (1, beside)):
            if share:
                for count, w in places[(place + step) % size]:
                    events += share * count
                    weight += share * w
        return events / weight, events


class _Off:
    """How far sums of several slots were off."""

    def __init__(self, season: Season) -> None:
        self._kept = 0.5 ** (1 / max(1.0, season.day / 2))
        self._remembered = 0.5 ** (1 / (2 * season.memory))
        self._difference = self._mean = self._variance = 0.0
        self._prior = season.memory / 4
        self._squares, self._slots = _LASTING**2 * self._prior, self._prior

    @property
    def deviation(self) -> float:
        """The standard deviation of the share."""
        return sqrt(max(_LEAST_LASTING, self._squares / self._slots))

    def learn(self, expected: Expected, count: float) -> None:
        """Takes a slot in."""
        kept, remembered = self._kept, self._remembered
        self._difference = kept * self._difference + count - expected.mean
        self._mean = kept * self._mean + expected.mean
        self._variance = kept * kept * self._variance + expected.variance
        share = max(-1.0, min(1.0, self._difference / self._mean))
        by_chance = self._variance / self._mean**2
        # What chance alone makes of a share cut at one is less than what it makes of the share.
        self._squares = remembered * self._squares + share * share - min(by_chance, 0.5)
        self._slots = remembered * self._slots + 1


def log_probability(expected: Expected, count: int) -> float:
    """The logarithm of the chance of just this count."""
    mean, size = expected
    return (
        lgamma(count + size)
        - lgamma(size)
        - lgamma(count + 1)
        - size * log1p(mean / size)
        + count * (log(mean) - log(size + mean))
    )
