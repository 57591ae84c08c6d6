"""Refitting: all that decisions taught, summed at once, and made linear anew where it has come to be wrong.

Learning makes each decision's lesson linear at the probability that was logged with it. A decision logged while little
was known is taken at a probability that turned out wrong; going over the same decisions a few times, each time at the
probability the model has come to (iteratively reweighted least squares), gives the model that its likelihood asks for.
Sums stay sums: what a refit gives is taken in place of what the same decisions gave before. What is summed of delays
(rules/delays.py) is no part of a refit: it stays as it was learned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from promosight.rules.cells import Cell, Whole
from promosight.rules.evidence import (
    ERA,
    LATELY_US,
    LEAST_P,
    NEVER,
    TAIL,
    TAIL_FROM,
    WEIGHT,
    Cells,
    Decided,
    Evidence,
    bins_of,
)
from promosight.rules.features import BIAS, STEPS, Offer, stepped
from promosight.rules.snapshot import Snapshot
from promosight.rules.solving import Prior, solve

PASSES = 4
_FAR = 30.0
Floats = NDArray[np.float64]
Which = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Lessons:
    """What decisions taught, as arrays: a row for each decision."""

    names: tuple[str, ...]
    steps: Whole
    """Features of the customer, decision x name."""
    offers: tuple[Offer, ...]
    offer: NDArray[np.intp]
    """Which of the offers was chosen."""
    decided_us: Whole
    nth: Whole
    p_hat: Floats
    lean: Floats
    redeemed: Which

    @classmethod
    def of(cls, decided: Sequence[Decided], redeemed: Sequence[bool]) -> Lessons:
        """The lessons of these decisions."""
        names = (BIAS, *sorted({name for one in decided for name in one.x} - {BIAS}))
        column = {name: at for at, name in enumerate(names)}
        offers = tuple(dict.fromkeys(one.offer for one in decided))
        place = {offer: at for at, offer in enumerate(offers)}
        steps = np.zeros((len(decided), len(names)), np.int64)
        for row, one in enumerate(decided):
            for name, value in one.x.items():
                steps[row, column[name]] = round(stepped(value) * STEPS)
        steps[:, 0] = STEPS
        return cls(
            names,
            steps,
            offers,
            np.array([place[one.offer] for one in decided], np.intp),
            np.array([one.decided_us for one in decided], np.int64),
            np.array([one.nth for one in decided], np.int64),
            np.array([one.p_hat for one in decided], float),
            np.array([one.lean for one in decided], float),
            np.array(redeemed, np.bool_),
        )

    def __len__(self) -> int:
        return len(self.offer)

    def rows(self, which: Which) -> Lessons:
        """Only some of them."""
        return replace(
            self,
            steps=self.steps[which],
            offer=self.offer[which],
            decided_us=self.decided_us[which],
            nth=self.nth[which],
            p_hat=self.p_hat[which],
            lean=self.lean[which],
            redeemed=self.redeemed[which],
        )

    def summed(self, half_life_us: int, since_us: int = NEVER) -> Evidence:
        """The same sums as adding each decision to an empty evidence, at once; nothing of delays."""
        columns = {name: at for at, name in enumerate(self.names)}
        made = Evidence(half_life_us, columns, since_us=since_us)
        every = np.ones(len(self), np.bool_)
        made.cells = self._cells(half_life_us, self.decided_us, every)
        made.lately = self._cells(LATELY_US, self.decided_us, self.decided_us > since_us)
        made.tail = self._cells(TAIL, self.nth, self.nth >= TAIL_FROM)
        made.seen(int(self.decided_us.max(initial=NEVER)))
        for at, offer in enumerate(self.offers):
            made.heard(offer, int(self.nth[self.offer == at].max(initial=0)))
        return made

    def _cells(self, half_life: int, place: Whole, which: Which) -> Cells:
        """The sums by era and offer, of some decisions by where they stand."""
        bins = bins_of(half_life)
        era = place // (ERA * half_life)
        second, first = self._terms(place - era * ERA * half_life, half_life)
        cells = {}
        for number in np.unique(era[which]).tolist():
            for at, offer in enumerate(self.offers):
                own = np.flatnonzero((era == number) & (self.offer == at) & which)
                if len(own):
                    cells[number, offer] = self._cell(own, second, first, bins)
        return cells

    def likely(self, snapshot: Snapshot) -> Floats:
        """What a model makes of each decision's own offer."""
        known = [at for at, name in enumerate(self.names) if name in snapshot.layout.places]
        to = [snapshot.layout.places[self.names[at]] for at in known]
        told = np.zeros((len(self), len(snapshot.layout.names)))
        told[:, to] = self.steps[:, known] / STEPS
        x = snapshot.layout.standing(told)
        odds = self.lean.copy()
        for at, offer in enumerate(self.offers):
            own = self.offer == at
            odds[own] += x[own] @ snapshot.weights(offer)
        found: Floats = 1.0 / (1.0 + np.exp(-np.clip(odds, -_FAR, _FAR)))
        return found

    def _terms(self, into: Whole, half_life: int) -> tuple[Whole, Whole]:
        """What each decision adds to the second and first moments, for each step; so far into its era."""
        p = np.clip(self.p_hat, LEAST_P, 1 - LEAST_P)
        weight = np.exp2(into / half_life)
        teaches = p * (1 - p)
        pull = teaches * (np.log(p / (1 - p)) - self.lean) - p
        label = np.where(self.redeemed, np.rint(weight * WEIGHT), 0.0)
        second = np.rint(weight * teaches * WEIGHT).astype(np.int64)
        first = (np.rint(weight * pull * WEIGHT) + label).astype(np.int64)
        return second, first

    def _cell(self, own: NDArray[np.intp], second: Whole, first: Whole, bins: int) -> Cell:
        held = self.steps[own]
        used = np.flatnonzero(held.any(axis=0))
        held = held[:, used]
        cell = Cell(len(self.names), bins)
        cell.add_second(used, (held * second[own, None]).T @ held)
        cell.first[used] = first[own] @ held
        cell.decisions = len(own)
        cell.redeemed = int(self.redeemed[own].sum())
        return cell


def negated(evidence: Evidence) -> Evidence:
    """What merged with the evidence leaves nothing."""
    return replace(
        evidence,
        columns=dict(evidence.columns),
        cells=_negated(evidence.cells),
        lately=_negated(evidence.lately),
        tail=_negated(evidence.tail),
    )


def _negated(cells: Cells) -> Cells:
    found = {}
    for key, cell in cells.items():
        taken = found[key] = Cell(0)
        taken.half, taken.first = -cell.half, -cell.first
        taken.decisions, taken.redeemed = -cell.decisions, -cell.redeemed
        taken.delays, taken.made = -cell.delays, {day: -mass for day, mass in cell.made.items()}
    return found


def copied(evidence: Evidence) -> Evidence:
    """The same sums, to be changed apart."""
    made = Evidence(evidence.half_life_us, since_us=evidence.since_us)
    made.merge(evidence)
    return made


def less(evidence: Evidence, lessons: Lessons) -> Evidence:
    """What is left without these decisions."""
    made = copied(evidence)
    made.merge(negated(lessons.summed(evidence.half_life_us, evidence.since_us)))
    return made


def refitted(lessons: Lessons, rest: Evidence, prior: Prior, now_us: int) -> Evidence:
    """The sums of these decisions where the model has come to, beside the rest that stays as it is."""
    if not len(lessons):
        return Evidence(rest.half_life_us, since_us=rest.since_us)
    usual = (int(lessons.redeemed.sum()) + 1) / (len(lessons) + 2)
    taken = replace(lessons, p_hat=np.full(len(lessons), usual))
    for _ in range(PASSES):
        whole = taken.summed(rest.half_life_us, rest.since_us)
        whole.merge(rest)
        taken = replace(taken, p_hat=taken.likely(solve(whole, prior, now_us)))
    return taken.summed(rest.half_life_us, rest.since_us)
