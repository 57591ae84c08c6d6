"""Scenes: small worlds in which one thing happens that a policy can be slow at, or be misled by.

Customers come back, so each has a record with each promotion, unlike those of `worlds.py`. A scene is drawn from its
name and seed before anyone decides, luck included. Probabilities are said as rates, by segment and offer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from bench.deciding.worlds import EXPIRY, People, Promotions, World
from promosight.rules.features import Offer, made_offer

Floats = NDArray[np.float64]
_TYPES = ("amount", "unit", "percentage")


@dataclass(frozen=True)
class Plan:
    """What happens. Rates are segment x offer; `moves` gives log-odds to add at each day, day x segment x offer."""

    rates: Floats
    days: int = 40
    a_day: int = 60
    customers: int = 600
    starts: tuple[tuple[int, int], ...] = ()
    """Offers that come later: which, and on which day."""
    change: float | None = None
    """The day on which something happens."""
    changed: Floats | None = None
    """Rates from then on."""
    walk: float = 0.0
    """Each offer's log-odds in each segment wander by so much a day."""
    values: tuple[float, ...] = ()
    late: float = 0.0
    """The part of redemptions that takes 8 days in the mean; the rest takes hours."""
    reversed: float = 0.0
    of_a_kind: bool = False
    """Whether nothing tells the offers apart but which they are."""
    in_a_minute: bool = False
    """Whether all of it happens within a minute of the clock."""

    def instant(self, day: Floats) -> Floats:
        """When what happens on these days of the scene happens by the clock, in days."""
        return 100.6 + day / self.days / 1_440 if self.in_a_minute else day


def _around(rng: np.random.Generator, low: float, high: float, shape: tuple[int, int]) -> Floats:
    found: Floats = rng.uniform(low, high, shape)
    return found


def _one_each(rng: np.random.Generator, segments: int = 3) -> Floats:
    """Of each offer one segment is fond, the others hardly."""
    rates = _around(rng, 0.04, 0.1, (segments, segments))
    rates[np.arange(segments), np.arange(segments)] = rng.uniform(0.3, 0.45, segments)
    return rates


def _opposite(rng: np.random.Generator) -> Plan:
    rates = _around(rng, 0.08, 0.14, (2, 4))
    rates[:, :2] = [[0.3, 0.03], [0.03, 0.3]]
    return Plan(rates)


def _dear(rng: np.random.Generator) -> Plan:
    rates = _around(rng, 0.05, 0.15, (3, 5))
    rates[:, 0] = 0.5
    return Plan(rates, values=(1.0, 10.0, 9.0, 10.0, 11.0))


def _cold(rng: np.random.Generator) -> Plan:
    return Plan(_around(rng, 0.02, 0.25, (2, 3)), days=10, a_day=100, customers=500)


def _fifty(rng: np.random.Generator) -> Plan:
    odds = rng.normal(-2.6, 0.6, (1, 50)) + rng.normal(0, 0.5, (5, 50))
    return Plan(_rate(odds), a_day=120, customers=1_500)


def _strong_later(rng: np.random.Generator) -> Plan:
    rates = _around(rng, 0.05, 0.12, (3, 6))
    rates[:, 5] = 0.3
    return Plan(rates, starts=((5, 15),), change=15)


def _later_for_one(rng: np.random.Generator) -> Plan:
    rates = np.hstack([_one_each(rng), _around(rng, 0.03, 0.07, (3, 1))])
    rates[0, 3] = 0.6
    return Plan(rates, starts=((3, 10),), change=10)


def _later_of_a_kind(rng: np.random.Generator) -> Plan:
    return replace(_later_for_one(rng), of_a_kind=True)


def _swap_of_a_kind(rng: np.random.Generator) -> Plan:
    return replace(_tastes_swap(rng), of_a_kind=True)


def _later_for_one_alone(rng: np.random.Generator) -> Plan:
    """The others are liked alike by all, so nothing said before that segments matter."""
    rates = np.tile(_around(rng, 0.08, 0.2, (1, 5)), (4, 1))
    rates[:, 4] = 0.03
    rates[0, 4] = 0.6
    return Plan(rates, starts=((4, 10),), change=10, a_day=80)


def _fades(rng: np.random.Generator) -> Plan:
    rates = _around(rng, 0.08, 0.15, (3, 5))
    rates[:, 0] = 0.35
    changed = rates.copy()
    changed[:, 0] = 0.03
    return Plan(rates, change=20, changed=changed)


def _fades_for_one(rng: np.random.Generator) -> Plan:
    rates = _one_each(rng)
    changed = rates.copy()
    changed[0, 0] = 0.02
    return Plan(rates, days=50, change=20, changed=changed)


def _tastes_swap(rng: np.random.Generator) -> Plan:
    rates = _one_each(rng)
    return Plan(rates, days=50, change=25, changed=rates[[1, 2, 0]])


def _swap_in_a_minute(rng: np.random.Generator) -> Plan:
    return replace(_tastes_swap(rng), a_day=160, customers=2_000, in_a_minute=True)


def _fades_in_a_minute(rng: np.random.Generator) -> Plan:
    return replace(_fades(rng), a_day=200, customers=2_000, in_a_minute=True)


def _still_in_a_minute(rng: np.random.Generator) -> Plan:
    return replace(_still(rng), a_day=133, customers=2_000, in_a_minute=True)


def _wander(rng: np.random.Generator) -> Plan:
    odds = rng.normal(-2.2, 0.4, (1, 10)) + rng.normal(0, 0.4, (4, 10))
    return Plan(_rate(odds), walk=0.15, days=60)


def _half_late(rng: np.random.Generator) -> Plan:
    odds = rng.normal(-2.2, 0.5, (1, 8)) + rng.normal(0, 0.5, (3, 8))
    return Plan(_rate(odds), late=0.5)


def _taken_back(rng: np.random.Generator) -> Plan:
    odds = rng.normal(-2.2, 0.5, (1, 8)) + rng.normal(0, 0.5, (3, 8))
    return Plan(_rate(odds), late=0.2, reversed=0.7)


def _still(rng: np.random.Generator) -> Plan:
    """Nothing moves, segments hardly differ: what watching for changes costs is seen here."""
    odds = rng.normal(-2.5, 0.4, (1, 12)) + rng.normal(0, 0.1, (4, 12))
    return Plan(_rate(odds), days=60)


def _alike(rng: np.random.Generator) -> Plan:
    """No offer matters."""
    return Plan(_around(rng, 0.1, 0.1, (3, 5)))


SCENES: dict[str, Callable[[np.random.Generator], Plan]] = {
    "opposite": _opposite,
    "dear": _dear,
    "cold": _cold,
    "fifty": _fifty,
    "strong later": _strong_later,
    "later, for one": _later_for_one,
    "later, for one, by list": _later_of_a_kind,
    "later, for one alone": _later_for_one_alone,
    "fades": _fades,
    "fades for one": _fades_for_one,
    "tastes swap": _tastes_swap,
    "tastes swap, of a kind": _swap_of_a_kind,
    "tastes swap, in a minute": _swap_in_a_minute,
    "fades, in a minute": _fades_in_a_minute,
    "still, in a minute": _still_in_a_minute,
    "wander": _wander,
    "half late": _half_late,
    "taken back": _taken_back,
    "still": _still,
    "alike": _alike,
}
LATE = ("half late", "taken back", "later, for one, by list")
"""Scenes in which outcomes are told when they happen; in the others before the next decision."""
BY_LIST = ("later, for one, by list",)
"""Scenes in which what was learned is chosen with once a day."""


def scene(name: str, seed: int) -> World:
    """The world of a scene."""
    rng = np.random.default_rng([crc32(name.encode()), seed])
    plan = SCENES[name](rng)
    segments, offers = plan.rates.shape
    length = plan.days * plan.a_day
    segment = rng.integers(segments, size=plan.customers)
    who = rng.integers(plan.customers, size=length)
    day = np.sort(rng.random(length)) * plan.days
    starts = np.zeros(offers, np.intp)
    for at, on in plan.starts:
        starts[at] = day.searchsorted(on)
    values = np.array(plan.values or (10.0,) * offers)
    return World(
        kind=name,
        seed=seed,
        day=plan.instant(day),
        features=[{f"segment=s{segment[i]}": 1.0, f"city=c{i % 4}": 1.0} for i in who],
        offers=[_offer(0 if plan.of_a_kind else at, at, offers) for at in range(offers)],
        likely=_likely(rng, plan, segment[who], day),
        there=np.arange(length)[:, None] >= starts,
        value=values,
        starts=starts,
        luck=rng.random(length),
        delay=np.tile(_delays(rng, plan, length)[:, None], offers),
        who=who,
        people=_people(plan, segment),
        promotions=_promotions(values, starts, length),
        reversed=plan.reversed,
    )


def changed_on(name: str, seed: int) -> float | None:
    """The instant at which something happens in a scene, in days, if anything does."""
    rng = np.random.default_rng([crc32(name.encode()), seed])
    plan = SCENES[name](rng)
    return None if plan.change is None else float(plan.instant(np.array(plan.change)))


def _likely(rng: np.random.Generator, plan: Plan, segment: NDArray[np.intp], day: Floats) -> Floats:
    likely = plan.rates[segment]
    if plan.changed is not None and plan.change is not None:
        after = day >= plan.change
        likely[after] = plan.changed[segment[after]]
    if plan.walk:
        moved = rng.normal(0, plan.walk, (plan.days, *plan.rates.shape)).cumsum(axis=0)
        odds = np.log(likely / (1 - likely)) + moved[day.astype(int), segment]
        likely = _rate(odds)
    return likely


def _rate(odds: Floats) -> Floats:
    found: Floats = 1 / (1 + np.exp(-odds))
    return found


def _delays(rng: np.random.Generator, plan: Plan, length: int) -> Floats:
    late = rng.random(length) < plan.late
    found: Floats = np.where(late, rng.exponential(8.0, length), rng.exponential(0.2, length))
    return np.minimum(found, EXPIRY - 0.5)


def _offer(like: int, at: int, count: int) -> Offer:
    """An offer with the terms of the one it is like."""
    worth = round(64 * (like / max(1, count - 1) - 0.5)) / 64
    kind = {f"reward={_TYPES[like % 3]}": 1.0, "kind=global": 1.0}
    return made_offer(f"offer-{at:02}", None, {**kind, "worth": worth, "worth2": worth * worth})


def _people(plan: Plan, segment: NDArray[np.intp]) -> People:
    nothing = np.zeros((plan.customers, 3), np.intp)
    plain = np.zeros(plan.customers)
    return People(segment, nothing[:, 0], plain, plain, plain, nothing, nothing)


def _promotions(values: Floats, starts: NDArray[np.intp], length: int) -> Promotions:
    kind = np.arange(len(values)) % 3
    ends = np.full(len(values), length)
    return Promotions(kind, 0 * kind, values, values, 0.0 * values, starts, ends)
