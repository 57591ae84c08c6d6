"""Gathering: the sums of decisions put together at today's weights, before they are solved.

Eras are put together, names of features that say least are left out, and what recent decisions may still bring is
added. What was learned lately stands beside, over the same offers and features, weighed by its own half-life.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp2
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from promosight.rules.cells import recent
from promosight.rules.delays import BINS, Waits, coming, day_of
from promosight.rules.evidence import LATELY_US, Evidence, Stack, scale
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
    made: list[dict[int, float]]
    delays: Floats
    decisions: int
    """Of all together."""

    def scaled(self, matrix: Floats) -> Sums:
        """As if all customers had been told on another scale."""
        whole, lately = self.whole.scaled(matrix), self.lately.scaled(matrix)
        return self._replace(whole=whole, lately=lately)


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
    lately = [
        (scale(stack.era, now_us, LATELY_US), stack) for stack in evidence.stacks(lately=True)
    ]
    decisions = sum(sum(stack.decisions) for _, stack in eras)
    whole, brief = (_together(place, held, some) for some in (eras, lately))
    sums = Sums(tuple(place), whole, brief, made, delays, decisions)
    return names, _given_back(sums, evidence, now_us)


def _together(
    place: Mapping[Offer, int], held: NDArray[np.intp], eras: Sequence[tuple[float, Stack]]
) -> Moments:
    """Eras put together oldest first, over the names held."""
    second, first = np.zeros((len(place), len(held), len(held))), np.zeros((len(place), len(held)))
    for weight, stack in eras:
        at = [place[offer] for offer in stack.offers]
        second[at] += weight / STEPS**2 * stack.second[:, held[:, None], held]
        first[at] += weight / STEPS * stack.first[:, held]
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
    expected = np.zeros((2, len(rewards)))
    for at, (reward, made) in enumerate(zip(rewards, sums.made, strict=True)):
        still = left[reward]
        days = [day for day in sorted(made) if day in still]
        more = [still[day] * made[day] for day in days]
        expected[0, at] = sum(more)
        expected[1, at] = sum(one * fades[day] for one, day in zip(more, days, strict=True))
    whole, lately = sums.whole.with_more(expected[0]), sums.lately.with_more(expected[1])
    return sums._replace(whole=whole, lately=lately)


def _fades(day: int, evidence: Evidence, now_us: int) -> float:
    """How much less a decision of a day counts among what was learned lately."""
    if day * DAY_US <= evidence.since_us:
        return 0.0
    age_us = max(0.0, now_us - (day + 0.5) * DAY_US)
    return exp2(age_us / evidence.half_life_us - age_us / LATELY_US)


def _reward_of(offer: Offer) -> str:
    return next((name for name, _ in offer.features if name.startswith("reward=")), "")
