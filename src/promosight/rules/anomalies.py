"""Anomalies: whether a series of counts has dropped or leapt, judged anew with every slot and for ever.

Each slot is a bet against "nothing has changed": its factor is the ratio of the chance of its count were the mean
`ratio` times as large, to its chance as things were expected (`rules/expecting.py`). Were the expectation true, no
factor would be above one on average. Factors of slots are multiplied from every slot on at once:

    M = (M + 1) * factor

the Shiryaev-Roberts e-detector (Shin, Ramdas and Rinaldo, E-detectors: a nonparametric framework for sequential
change detection, New England Journal of Statistics in Data Science 2(2), 2024). Who says "anomaly" when M reaches B
waits B slots on average before a false one, however often they look; for several ratios the mean of their M does the
same. B is chosen so that the false alarms of all series of a workspace together are as rare as wanted (`threshold`).

What is known to lower or raise counts (assignments used up or expired, a new wave of them) only excuses: a drop is
judged against the least mean that it allows, a leap against the greatest.
"""

from __future__ import annotations

from collections import deque
from math import exp, inf, log, log1p
from typing import Literal, NamedTuple

from promosight.rules.expecting import Expectation, Expected, Season

Direction = Literal["drop", "leap"]
_RATIOS: dict[Direction, tuple[float, ...]] = {"drop": (0.05, 0.3, 0.6), "leap": (1.7, 3.0, 8.0)}
_LEAST_DROP, _LEAST_LEAP = 0.7, 1.5
_NOTHING = 1e-9
_ALONE = 0.6
"""No hour alone brings more of the evidence that is needed."""
_DOUBTED, _LEAST_LOW = 1.5, 0.3
"""The mean itself may be off by so many times what it lately was off for half a day, and no lower than this."""
SHOWN = 72
"""So many slots are remembered, to be shown and to say since when."""


class Settings(NamedTuple):
    """How a series is judged. `slots_needed`: so many slots must agree before anything is said."""

    season: Season
    least_slots: int
    half_life: float
    least_spread: float = 0.02
    slots_needed: int = 2
    settles_after: int = 168


class Slot(NamedTuple):
    """What a slot counted. `low` and `high` (at most, at least 1): by how much the mean may rightly differ."""

    start_us: int
    place: int
    counted: int
    weight: float = 1.0
    low: float = 1.0
    high: float = 1.0


class Judged(NamedTuple):
    """A slot beside what was expected of it."""

    start_us: int
    counted: int
    expected: Expected
    low: float
    high: float

    def against(self, direction: Direction) -> Expected:
        """The mean it is held against: what is excused is allowed for."""
        return self.expected.scaled(self.low if direction == "drop" else self.high)


class Found(NamedTuple):
    """An anomaly: the first slot that belongs to it, what was expected since, and what was counted."""

    direction: Direction
    began_us: int
    expected: float
    actual: int
    evidence: float
    """The logarithm of M when it passed the threshold."""


def threshold(series: int, slots_a_month: int, *, false_a_month: float) -> float:
    """The logarithm of B with which so many series bring no more false alarms a month, on average."""
    return log(max(1, series) * 2 * slots_a_month / false_a_month)


class Watch:
    """One series as it is watched. Slots are told once each, in order; a gap is left out and not told as nothing."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pace = Expectation(
            settings.season, half_life=settings.half_life, least_spread=settings.least_spread
        )
        self._evidence: dict[Direction, list[float]] = {
            d: [-inf] * len(r) for d, r in _RATIOS.items()
        }
        self.lately: deque[Judged] = deque(maxlen=SHOWN)
        self.found: Found | None = None
        self._strange = 0

    def tell(self, slot: Slot, log_threshold: float) -> Found | None:
        """Judges a slot; the anomaly that begins to be known with it."""
        expected = self._pace.expected(slot.place, slot.weight)
        off = _DOUBTED * self._pace.lasting
        low, high = slot.low * max(_LEAST_LOW, 1 - off), slot.high * (1 + off)
        judged = Judged(slot.start_us, slot.counted, expected, low, high)
        ready = self._pace.slots >= self._settings.least_slots
        if ready:
            self.lately.append(judged)
        if self.found is not None:
            self._go_on(judged)
        if self.found is not None:
            return None
        self._pace.learn(slot.place, slot.weight, slot.counted)
        return self._judge(judged, log_threshold) if ready else None

    def excuse(self) -> None:
        """What was found is none, or is the way things are from now on: that is what is expected next."""
        if self.found is not None:
            self._pace.rebase((self.found.actual + 0.5) / (self.found.expected + 0.5))
        self._end()

    def _end(self) -> None:
        self.found, self._strange = None, 0
        for sums in self._evidence.values():
            sums[:] = [-inf] * len(sums)

    def _judge(self, judged: Judged, log_threshold: float) -> Found | None:
        for direction, ratios in _RATIOS.items():
            most = inf if self._settings.slots_needed == 1 else _ALONE * log_threshold
            sums, expected = self._evidence[direction], judged.against(direction)
            for at, ratio in enumerate(ratios):
                factor = min(most, log_factor(expected, ratio, judged.counted))
                sums[at] = _log_add(sums[at], 0.0) + factor
            if _log_mean(sums) >= log_threshold:
                found = self._since(direction, _log_mean(sums))
                if found is not None:
                    self.found, self._strange = found, 0
                    return found
        return None

    def _since(self, direction: Direction, evidence: float) -> Found | None:
        """When it began: the slots since then are the least likely ones. None where it is too little to speak of."""
        best, began, sums = 0.0, None, (0.0, 0)
        expected, actual = 0.0, 0
        for judged in reversed(self.lately):
            expected += judged.against(direction).mean
            actual += judged.counted
            score = scan_score(expected, actual, direction)
            if score > best:
                best, began, sums = score, judged, (expected, actual)
        if began is None:
            return None
        if not is_enough(direction, *sums):
            return None
        return Found(direction, began.start_us, *sums, evidence)

    def _go_on(self, judged: Judged) -> None:
        """An anomaly goes on, or is over once counts are as expected again, or have been otherwise for long."""
        assert self.found is not None
        found, self._strange = self.found, self._strange + 1
        expected = found.expected + judged.against(found.direction).mean
        self.found = found._replace(expected=expected, actual=found.actual + judged.counted)
        if self._is_over(found.direction):
            self._end()
        elif self._strange >= self._settings.settles_after:
            self.excuse()

    def _is_over(self, direction: Direction) -> bool:
        expected, actual = 0.0, 0
        for slots, judged in enumerate(reversed(self.lately), start=1):
            if slots > self._strange:
                return False
            expected += judged.against(direction).mean
            actual += judged.counted
            if slots >= self._settings.slots_needed and expected >= 8:
                ratio = actual / expected
                return ratio >= 0.8 if direction == "drop" else ratio <= 1.25
        return False


def is_enough(direction: Direction, expected: float, actual: float) -> bool:
    """Whether it is worth speaking of: three tenths are missing, or half as much again came."""
    if direction == "drop":
        return actual <= _LEAST_DROP * expected
    return actual >= _LEAST_LEAP * expected and actual > expected


def log_factor(expected: Expected, ratio: float, count: int) -> float:
    """The logarithm of how much likelier a count is were the mean `ratio` times as large."""
    mean, size = expected
    return count * log(ratio) + (count + size) * log((size + mean) / (size + ratio * mean))


def scan_score(expected: float, actual: float, direction: Direction) -> float:
    """How much likelier a count is by its own mean than by the expected one, in this direction; else 0.

    The expectation-based Poisson scan statistic (Neill, Fast subset scan for spatial pattern detection, Journal of
    the Royal Statistical Society B 74(2), 2012).
    """
    if expected <= 0 or (actual >= expected if direction == "drop" else actual <= expected):
        return 0.0
    return (actual * log(actual / expected) if actual > _NOTHING else 0.0) + expected - actual


def _log_add(a: float, b: float) -> float:
    high, low = max(a, b), min(a, b)
    return high if low == -inf else high + log1p(exp(low - high))


def _log_mean(logs: list[float]) -> float:
    total = -inf
    for one in logs:
        total = _log_add(total, one)
    return total - log(len(logs))
