"""Who watches the worlds: the product's rules, and beside them what a textbook would do.

The three-sigma rule is the usual one: an hour is an anomaly when it lies three standard deviations below or above the
mean of the same hour of the week in the four weeks before (Shewhart's chart, by season).
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from functools import partial
from math import sqrt
from typing import NamedTuple, Protocol

from bench.noticing.worlds import DIMENSIONS, WEEK, World
from promosight.rules.anomalies import Direction, Found, Settings, Slot, Watch, threshold
from promosight.rules.causes import Cause, Words, trace
from promosight.rules.expecting import HOURS

HOURLY = Settings(HOURS, least_slots=72, half_life=48)
"""As `flows/noticing/watching.py` has them."""
SERIES = 100
"""The worlds are judged as if each were one of so many series of a workspace."""


class Alarm(NamedTuple):
    """Somebody says that something is wrong, in this hour, in which direction, and since which."""

    hour: int
    direction: Direction
    began: int


class Watcher(Protocol):
    """Who is told hour by hour."""

    def tell(self, hour: int, count: int) -> Alarm | None:
        """What there is to say of an hour."""

    def go_on(self) -> None:
        """What was said was wrong: watches on."""


class Ours:
    """The product's watch."""

    def __init__(self) -> None:
        self._watch = Watch(HOURLY)
        self._log_threshold = threshold(SERIES, 720, false_a_month=1.0)

    def tell(self, hour: int, count: int) -> Alarm | None:
        """What the product says."""
        found: Found | None = self._watch.tell(Slot(hour, hour % WEEK, count), self._log_threshold)
        return None if found is None else Alarm(hour, found.direction, found.began_us)

    def go_on(self) -> None:
        """Begins to judge anew."""
        self._watch.excuse()


class ThreeSigma:
    """The three-sigma rule; `needed` hours in a row must agree."""

    def __init__(self, needed: int) -> None:
        self._needed = needed
        self._seen: dict[int, deque[int]] = defaultdict(lambda: deque(maxlen=4))
        self._run: tuple[Direction | None, int] = (None, 0)

    def tell(self, hour: int, count: int) -> Alarm | None:
        """Whether so many hours in a row lie outside."""
        seen = self._seen[hour % WEEK]
        said: Direction | None = None
        if len(seen) >= 3:
            mean = sum(seen) / len(seen)
            spread = sqrt(sum((one - mean) ** 2 for one in seen) / (len(seen) - 1))
            if abs(count - mean) > 3 * max(spread, sqrt(max(mean, 1.0))):
                said = "drop" if count < mean else "leap"
        seen.append(count)
        run = (
            self._run[1] + 1 if said is not None and said == self._run[0] else int(said is not None)
        )
        self._run = said, run
        if said is None or run < self._needed:
            return None
        self._run = None, 0
        return Alarm(hour, said, hour - self._needed + 1)

    def go_on(self) -> None:
        """It knows no state but the run."""


WATCHERS: dict[str, Callable[[], Watcher]] = {
    "promosight": Ours,
    "three sigma": partial(ThreeSigma, 1),
    "three sigma, twice in a row": partial(ThreeSigma, 2),
}


def cause_of(world: World, alarm: Alarm) -> Cause | None:
    """What the product's search says of an alarm: the hours since it began, beside the same ones of four weeks."""
    began, end = min(alarm.began, alarm.hour), alarm.hour + 1
    counts: dict[Words, tuple[float, float]] = {}
    usual = sum(
        world.counts[began - back * WEEK : end - back * WEEK].sum(axis=0) for back in (1, 2, 3, 4)
    )
    actual = world.counts[began:end].sum(axis=0)
    for at, words in enumerate(world.rows):
        counts[words] = (usual[at] / 4 + 1e-3, float(actual[at]))
    return trace(DIMENSIONS, counts, alarm.direction)
