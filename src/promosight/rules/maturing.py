"""The matured rate: what a running promotion's redemption rate is expected to be once nobody can redeem any more.

Customers redeem some days after they were given a reward, or never. From all assignments together the hazard of each
day of delay is read (Kaplan and Meier 1958): of those still open at its beginning, the share that redeemed in it. What
is left when the hazard has died down is the cured fraction (Boag 1949; Berkson and Gage 1952). Each open assignment
has then a probability to be redeemed before it expires. Days nobody has lived to see are continued by a hazard that
falls exponentially (Gompertz; Cantor and Shuster 1992), and only where the days seen show that it falls.

Weeks of assignment differ in how good they are, by more than chance. How much is estimated, and moves each week's
expectation towards what it has shown so far (as Buhlmann's credibility does in chain ladders) and widens the interval.
docs/matured-rate.md has the formulas.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from math import exp, fsum, inf, log, log1p, sqrt
from typing import NamedTuple

LEVEL = 0.8
"""How much of the time the final rate lies within the interval."""
_Z = 1.2815515655446004  # the 90% quantile of the standard normal distribution

FEWEST = 30
"""With fewer redemptions nothing is expected."""
_FEWEST_DAYS = 5
"""Fewer days of delay than these say nothing of how redemptions die down."""
_FEWEST_AT_RISK = 20
"""A day that fewer were seen to live through has no hazard of its own."""
_FAR = 730
"""Assignments that never expire are followed for so many days."""
_LITTLE = 0.1
"""What may be expected from days that nobody has seen yet, as a share of what is redeemed."""
_NOTHING = 1e-6
_BENT = 0.5
"""By how much of itself that is off besides, because hazards do not fall exactly exponentially."""


class Cell(NamedTuple):
    """Assignments of one week that are alike: their age and life in whole days, and when they were redeemed."""

    week: str
    age: int
    """Whole days since they were assigned."""
    part: float
    """How much of the next day has passed, on average."""
    life: int | None
    """Days from assignment to expiry, the last one counted whole; None where they never expire."""
    delay: int | None
    """Whole days from assignment to redemption; None where not redeemed."""
    expired: bool
    assignments: int


class Cohort(NamedTuple):
    """The assignments of a week: what became of them, and the final rate expected, with its interval."""

    week: str
    assigned: int
    redeemed: int
    open: int
    expired: int
    expected: float | None
    interval: tuple[float, float] | None


class Outlook(NamedTuple):
    """`matured`, `estimated` or `not_enough` with its reason; the whole, and each week."""

    state: str
    reason: str | None
    whole: Cohort
    cohorts: list[Cohort]


def outlook(cells: Iterable[Cell]) -> Outlook:
    """What to expect of these assignments."""
    found = list(cells)
    by_week: dict[str, list[Cell]] = {}
    for cell in found:
        by_week.setdefault(cell.week, []).append(cell)
    weeks = sorted(by_week)
    counted = [_count(week, by_week[week]) for week in weeks]
    whole = _count("", found)
    if not whole.open:
        return Outlook("matured", None, _final(whole), [_final(one) for one in counted])
    forecast = _Forecast(_Hazards(found), by_week)
    reason = forecast.why_not(whole.redeemed)
    if reason is not None:
        settled = [one if one.open else _final(one) for one in counted]
        return Outlook("not_enough", reason, whole, settled)
    cohorts = [forecast.of(one, [one.week]) for one in counted]
    return Outlook("estimated", None, forecast.of(whole, weeks), cohorts)


def _count(week: str, cells: list[Cell]) -> Cohort:
    assigned = sum(cell.assignments for cell in cells)
    redeemed = sum(cell.assignments for cell in cells if cell.delay is not None)
    expired = sum(cell.assignments for cell in cells if cell.delay is None and cell.expired)
    return Cohort(week, assigned, redeemed, assigned - redeemed - expired, expired, None, None)


def _final(one: Cohort) -> Cohort:
    """One of which nothing is open: what it has is what it will have."""
    if not one.assigned:
        return one
    rate = one.redeemed / one.assigned
    return one._replace(expected=rate, interval=(rate, rate))


class _Hazards:
    """For each day of delay the cumulated hazard in it (`rates`), and the variance of that estimate.

    A day counts for an assignment only when it was seen whole: it was open at the beginning, and the day is over.
    """

    def __init__(self, cells: list[Cell]) -> None:
        longest = max((_whole_days(cell) for cell in cells), default=0)
        self.at_risk, self.redeemed = [0] * (longest + 1), [0] * (longest + 1)
        for cell in cells:
            self._add(cell)
        for day in range(longest - 1, -1, -1):
            self.at_risk[day] += self.at_risk[day + 1]
        self.seen = next(
            (day for day, n in enumerate(self.at_risk) if n < _FEWEST_AT_RISK), longest
        )
        pairs = list(zip(self.redeemed[: self.seen], self.at_risk[: self.seen], strict=True))
        self.rates = [-log1p(-min(e / n, 0.999)) for e, n in pairs]
        self.variances = [min(e / n, 0.999) / (n - min(e, 0.999 * n)) for e, n in pairs]
        self.tail = _Tail.fitted(pairs)

    def _add(self, cell: Cell) -> None:
        # Until the suffixes are summed, `at_risk` has at its place the last day each was at risk.
        days = _whole_days(cell)
        if cell.delay is not None and cell.delay < days:
            self.redeemed[cell.delay] += cell.assignments
            days = cell.delay + 1
        if days:
            self.at_risk[days - 1] += cell.assignments

    def rate(self, day: int) -> float:
        """The cumulated hazard in a day of delay."""
        if day < self.seen:
            return self.rates[day]
        return self.tail.rate(day) if self.tail else 0.0


def _whole_days(cell: Cell) -> int:
    """How many days of an assignment's life have been seen whole."""
    return cell.age if cell.life is None else min(cell.age, cell.life)


def _last(cell: Cell) -> int:
    """The day of delay before which an assignment is over: at least one, which has begun."""
    last = cell.age + _FAR if cell.life is None else min(cell.life, cell.age + _FAR)
    return max(last, cell.age + 1)


class _Tail(NamedTuple):
    """A hazard exp(level + slope x (day - centre)), fitted to the later days seen, and the fit's variances."""

    level: float
    slope: float
    centre: float
    level_variance: float
    slope_variance: float
    covariance: float

    @staticmethod
    def fitted(pairs: list[tuple[int, int]]) -> _Tail | None:
        """By Poisson regression (Newton's steps) on the days after the first quarter; None where it does not fit."""
        first = len(pairs) // 4
        centre = (first + len(pairs) - 1) / 2
        seen = [(day - centre, e, n) for day, (e, n) in enumerate(pairs)][first:]
        events = sum(e for _, e, _ in seen)
        if len(seen) < _FEWEST_DAYS - 2 or events < FEWEST // 3:
            return None
        level, slope = log(events / sum(n for _, _, n in seen)), 0.0
        for _ in range(50):
            means = [n * exp(level + slope * x) for x, _, n in seen]
            aa, ab, bb = (
                sum(m * x**power for m, (x, _, _) in zip(means, seen, strict=True))
                for power in (0, 1, 2)
            )
            det = aa * bb - ab * ab
            if det <= _NOTHING:
                return None
            tail = _Tail(level, slope, centre, bb / det, aa / det, -ab / det)
            a = events - aa
            b = sum((e - m) * x for m, (x, e, _) in zip(means, seen, strict=True))
            up, turn = (bb * a - ab * b) / det, (aa * b - ab * a) / det
            if abs(up) + abs(turn) < _NOTHING:
                return tail
            shrink = min(1.0, 1 / max(abs(up), abs(turn) * len(seen)))
            level, slope = level + shrink * up, slope + shrink * turn
        return None

    def rate(self, day: int) -> float:
        """The hazard in a day."""
        return exp(min(self.level + self.slope * (day - self.centre), 0.0))


class _Week(NamedTuple):
    """What a week has shown and will show, if it is like all others."""

    seen: float
    should: float
    coming: float
    process: float
    by_day: list[float]
    """For each day of delay, how much more would come for each unit more of its cumulated hazard."""


class _Forecast:
    """What is still to come of each week, and how surely."""

    def __init__(self, hazards: _Hazards, by_week: dict[str, list[Cell]]) -> None:
        self.hazards = hazards
        self.end = max(
            max(_last(cell), hazards.seen) for cells in by_week.values() for cell in cells
        )
        self.until = list(accumulate(map(hazards.rate, range(self.end)), initial=0.0))
        self.weeks = {week: self._week(cells) for week, cells in by_week.items()}
        self.spread = _spread(list(self.weeks.values()))
        should = sum(week.should for week in self.weeks.values()) or 1.0
        self.common = self.spread * sum((w.should / should) ** 2 for w in self.weeks.values())

    def _week(self, cells: list[Cell]) -> _Week:
        seen = should = coming = process = 0.0
        adds = [0.0] * (
            self.end + 2
        )  # each with its negative behind its last day, summed at the end
        for cell in cells:
            days = min(_whole_days(cell), self.hazards.seen)
            if cell.delay is not None:
                seen += cell.assignments * (cell.delay < days)
                days = min(days, cell.delay + 1)
            should += cell.assignments * self.until[days]
            if cell.delay is None and not cell.expired:
                p = self._follow(cell, adds)
                coming += cell.assignments * p
                process += cell.assignments * p * (1 - p)
        return _Week(seen, should, coming, process, list(accumulate(adds))[: self.end])

    def _follow(self, cell: Cell, adds: list[float]) -> float:
        """The probability that an open assignment is redeemed yet; says in `adds` on which days that depends."""
        first, last, past = cell.age, _last(cell), cell.part
        now = self.until[first] + past * (self.until[first + 1] - self.until[first])
        stays = exp(now - self.until[last])
        each = cell.assignments * stays
        adds[first] += each * (1 - past)
        adds[first + 1] += each * past
        adds[last] -= each
        return 1 - stays

    def why_not(self, redeemed: int) -> str | None:
        """Why nothing can be expected yet, if so."""
        if redeemed < FEWEST:
            return f"fewer than {FEWEST} redemptions so far"
        if self.hazards.seen < _FEWEST_DAYS:
            return f"most assignments are younger than {_FEWEST_DAYS} days"
        if self._beyond() > _LITTLE * redeemed:
            return (
                "what was seen so far does not show that redemptions die down before these expire"
            )
        return None

    def _beyond(self) -> float:
        """How much is expected from days that nobody has seen; without end where nothing says how these will be."""
        seen, tail = self.hazards.seen, self.hazards.tail
        later = [week.by_day[seen:] for week in self.weeks.values()]
        days = [sum(values) for values in zip(*later, strict=True)]
        if not any(value > _NOTHING for value in days):
            return 0.0
        if tail is None:
            return inf
        return fsum(value * tail.rate(day) for day, value in enumerate(days, seen))

    def of(self, one: Cohort, weeks: list[str]) -> Cohort:
        """A cohort of some weeks with its expected final rate and the interval."""
        if not one.open:
            return _final(one)
        coming = variance = 0.0
        by_day = [0.0] * self.end
        for week in (self.weeks[name] for name in weeks):
            factor, doubt = self._credibility(week)
            coming += factor * week.coming
            variance += factor * week.process + doubt * week.coming**2
            by_day = [all_ + factor * own for all_, own in zip(by_day, week.by_day, strict=True)]
        variance += self._fit(by_day) + self.common * coming**2
        low, high = _between(coming, variance, one.open)
        coming = min(coming, one.open)
        rate = [(one.redeemed + more) / one.assigned for more in (low, coming, high)]
        return one._replace(expected=rate[1], interval=(rate[0], rate[2]))

    def _credibility(self, week: _Week) -> tuple[float, float]:
        """How much better than all weeks this one is, and the variance of that (gamma over Poisson)."""
        if self.spread <= 0:
            return 1.0, 0.0
        weight = 1 / self.spread
        return (
            (weight + week.seen) / (weight + week.should),
            (weight + week.seen) / (weight + week.should) ** 2,
        )

    def _fit(self, by_day: list[float]) -> float:
        """The variance of what is coming that is owed to the hazards being estimates (Greenwood 1926)."""
        hazards, tail = self.hazards, self.hazards.tail
        variance = along = across = 0.0
        for day, value in enumerate(by_day):
            if day < hazards.seen:
                variance += value * value * hazards.variances[day]
            elif tail:
                along += value * tail.rate(day)
                across += value * tail.rate(day) * (day - tail.centre)
        if tail:
            variance += along**2 * tail.level_variance + across**2 * tail.slope_variance
            variance += 2 * along * across * tail.covariance + (_BENT * along) ** 2
        return variance


def _spread(weeks: list[_Week]) -> float:
    """The variance between weeks beyond chance, by moments: of a factor on the hazard with mean 1."""
    shown = [week for week in weeks if week.should > 0]
    total = sum(week.should for week in shown)
    if len(shown) < 2 or not total:
        return 0.0
    beyond = sum((w.seen - w.should) ** 2 - w.should * (1 - w.should / total) for w in shown)
    squares = sum(w.should**2 for w in shown)
    cubes = sum(w.should**3 for w in shown)
    room = squares - 2 * cubes / total + squares**2 / total**2
    return max(0.0, beyond / room) if room > 0 else 0.0


def _between(coming: float, variance: float, most: int) -> tuple[int, int]:
    """The interval of what is coming: log-normal with that mean and variance, in whole assignments."""
    if coming <= 0:
        return 0, min(round(sqrt(variance) * _Z), most)
    width = log1p(variance / coming**2)
    middle = log(coming) - width / 2
    half = _Z * sqrt(width)
    return min(round(exp(middle - half)), most), min(round(exp(middle + half)), most)
