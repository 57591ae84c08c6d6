"""Gathering: the sums of decisions put together at today's weights, before they are solved.

Eras are put together, names of features that say least are left out, and what recent decisions may still bring is
added. What was learned lately stands beside, over the same offers and features, weighed by its own half-life.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, exp2
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from promosight.rules.cell_rows import Stack
from promosight.rules.cells import recent
from promosight.rules.delays import BINS, Waits, coming, day_of
from promosight.rules.evidence import LATELY_US, TAIL, Evidence, scale
from promosight.rules.features import DAY_US, MOST, STEPS, Offer

Floats = NDArray[np.float64]


class Moments(NamedTuple):
    """Second and first moments of each offer, side by side (the first axis)."""

    second: Floats
    first: Floats

    def scaled(self, matrix: Floats) -> Moments:
        """As if all customers had been told on another scale."""
        return Moments(matrix @ self.second @ matrix.T, self.first @ matrix.T)

    def with_more(self, redemptions: Floats) -> Moments:
        """With so many more redemptions of each offer, spread over its customers as they were."""
        known = self.second[:, 0, 0]
        each = np.divide(redemptions, known, out=np.zeros(len(known)), where=known > 0)
        return self._replace(first=self.first + each[:, None] * self.second[:, 0])


class Sums(NamedTuple):
    """The sums of each offer over all eras, at today's weights, side by side (the first axis)."""

    offers: tuple[Offer, ...]
    whole: Moments
    lately: Moments
    tail: Moments
    made: list[dict[int, float]]
    delays: Floats
    decisions: int
    """Of all together."""

    def scaled(self, matrix: Floats) -> Sums:
        """As if all customers had been told on another scale."""
        whole, lately, tail = (one.scaled(matrix) for one in (self.whole, self.lately, self.tail))
        return self._replace(whole=whole, lately=lately, tail=tail)


def gathered(evidence: Evidence, now_us: int) -> tuple[tuple[str, ...], Sums]:
    """Each offer's sums over the commonest names, with what may still come."""
    eras = [(evidence.scale(stack.era, now_us), stack) for stack in evidence.stacks()]
    place: dict[Offer, int] = {}
    for _, stack in eras:
        for offer in stack.offers:
            place.setdefault(offer, len(place))
    names, held = _commonest(evidence, eras)
    made, delays = [dict[int, float]() for _ in place], np.zeros((len(place), BINS))
    for weight, stack in eras:
        at = [place[offer] for offer in stack.offers]
        delays[at] += weight * stack.delays
        for i, days in zip(at, stack.made, strict=True):
            for day, information in recent(days, day_of(evidence.latest_us)).items():
                made[i][day] = made[i].get(day, 0.0) + weight * information
    lately = [(scale(stack.era, now_us, LATELY_US), stack) for stack in evidence.stacks(LATELY_US)]
    tail = [(_of_tail(stack, evidence), stack) for stack in evidence.stacks(TAIL)]
    decisions = sum(sum(stack.decisions) for _, stack in eras)
    whole, brief, ends = (_together(place, held, some) for some in (eras, lately, tail))
    sums = Sums(tuple(place), whole, brief, ends, made, delays, decisions)
    return names, _given_back(sums, evidence, now_us)


def _of_tail(stack: Stack, evidence: Evidence) -> Floats:
    """What one unit of the sums of an era of tails weighs at the end of each offer's own."""
    return np.array([scale(stack.era, evidence.reached[offer], TAIL) for offer in stack.offers])


def _together(
    place: Mapping[Offer, int],
    held: NDArray[np.intp],
    eras: Sequence[tuple[float | Floats, Stack]],
) -> Moments:
    """Eras put together oldest first, over the names held."""
    second, first = np.zeros((len(place), len(held), len(held))), np.zeros((len(place), len(held)))
    for weight, stack in eras:
        at, each = [place[offer] for offer in stack.offers], np.reshape(weight, (-1, 1))
        second[at] += each[:, :, None] / STEPS**2 * stack.second[:, held[:, None], held]
        first[at] += each / STEPS * stack.first[:, held]
    return Moments(second, first)


def _commonest(
    evidence: Evidence, eras: Sequence[tuple[float, Stack]]
) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """The names that there is most information about, the bias first, and their columns."""
    columns, support = list(evidence.columns), np.zeros(len(evidence.columns))
    used = np.zeros(len(columns), np.bool_)
    for weight, stack in eras:
        diagonal = stack.second.diagonal(axis1=1, axis2=2)
        used |= ((diagonal != 0) | (stack.first != 0)).any(axis=0)
        support += (weight * diagonal).sum(axis=0)
    at = sorted(np.flatnonzero(used).tolist(), key=lambda i: (-support[i], columns[i]))
    held = [0, *[i for i in at if i][:MOST]]
    return tuple(columns[i] for i in held), np.array(held, np.intp)


def _given_back(sums: Sums, evidence: Evidence, now_us: int) -> Sums:
    """Adds the redemptions that recent decisions may still bring, spread over an offer's customers as they were."""
    groups = dict[str, list[Waits]]()
    known = sums.whole.second[:, 0, 0]
    rewards = [_reward_of(offer) for offer in sums.offers]
    for at, reward in enumerate(rewards):
        waits = Waits(float(known[at]), sums.made[at], sums.delays[at])
        groups.setdefault(reward, []).append(waits)
    left = coming(groups, now_us)
    fades = {day: _fades(day, evidence, now_us) for each in left.values() for day in each}
    expected, ends = np.zeros((3, len(rewards))), sums.tail.second[:, 0, 0].tolist()
    for at, (reward, made) in enumerate(zip(rewards, sums.made, strict=True)):
        still = left[reward]
        days = [day for day in sorted(made) if day in still]
        more = [still[day] * made[day] for day in days]
        expected[0, at] = sum(more)
        expected[1, at] = sum(one * fades[day] for one, day in zip(more, days, strict=True))
        parts = _parts_in_tail(sums.made[at], ends[at])
        expected[2, at] = sum(still[day] * parts[day] for day in days if day in parts)
    whole, lately, tail = (
        one.with_more(more)
        for one, more in zip((sums.whole, sums.lately, sums.tail), expected, strict=True)
    )
    return sums._replace(whole=whole, lately=lately, tail=tail)


def _parts_in_tail(made: Mapping[int, float], tail: float) -> dict[int, float]:
    """How much of an offer's tail, in information, is of each day: all of the newest, the less the older."""
    found: dict[int, float] = {}
    if tail <= 0 or not made:
        return found
    behind, whole = 0.0, 1 - exp(-sum(made.values()) / tail)
    for day in sorted(made, reverse=True):
        until = behind + made[day]
        found[day] = tail * (exp(-behind / tail) - exp(-until / tail)) / whole
        behind = until
    return found


def _fades(day: int, evidence: Evidence, now_us: int) -> float:
    """How much less a decision of a day counts among what was learned lately."""
    if day * DAY_US <= evidence.since_us:
        return 0.0
    age_us = max(0.0, now_us - (day + 0.5) * DAY_US)
    return exp2(age_us / evidence.half_life_us - age_us / LATELY_US)


def _reward_of(offer: Offer) -> str:
    return next((name for name, _ in offer.features if name.startswith("reward=")), "")
