"""Refitting: all that decisions taught, summed at once, and made linear anew where it has come to be wrong.

Learning makes each decision's lesson linear at the probability that was logged with it. A decision logged while little
was known is taken at a probability that turned out wrong; going over the same decisions a few times, each time at the
probability the model has come to (iteratively reweighted least squares), gives the model that its likelihood asks for.
Sums stay sums: what a refit gives is taken in place of what the same decisions gave before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from math import exp2, log

import numpy as np

from promosight.rules.evidence import ERA, LEAST_P, WEIGHT, Cell, Decided, Evidence
from promosight.rules.features import BIAS, STEPS, Offer, stepped
from promosight.rules.policy import Arm, Exploration, choose_many
from promosight.rules.snapshot import Snapshot
from promosight.rules.solving import Prior, solve

PASSES = 4
_AT_ONCE = 2_000
_FIRST = Exploration("igw", 1.0, 1.0)


def summed(decided: Sequence[Decided], redeemed: Sequence[bool], half_life_us: int) -> Evidence:
    """The same sums as adding each decision to an empty evidence, at once."""
    length = ERA * half_life_us
    groups: defaultdict[tuple[int, Offer], list[int]] = defaultdict(list)
    for i, one in enumerate(decided):
        groups[one.decided_us // length, one.offer].append(i)
    names = (BIAS, *sorted({name for one in decided for name in one.x} - {BIAS}))
    columns = {name: at for at, name in enumerate(names)}
    cells = {}
    for (era, offer), rows in groups.items():
        cell = cells[era, offer] = Cell(len(names))
        steps = np.zeros((len(rows), len(names)), np.int64)
        steps[:, 0] = STEPS
        sums = np.empty((len(rows), 2), np.int64)
        for row, i in enumerate(rows):
            one = decided[i]
            for name, value in one.x.items():
                if name != BIAS:
                    steps[row, columns[name]] = round(stepped(value) * STEPS)
            sums[row] = _terms(one, redeemed[i], era * length, half_life_us)
        used = np.flatnonzero(steps.any(axis=0))
        held = steps[:, used]
        cell.second[np.ix_(used, used)] = (held * sums[:, :1]).T @ held
        cell.first[used] = sums[:, 1] @ held
        cell.decisions = len(rows)
        cell.redeemed = sum(redeemed[i] for i in rows)
    return Evidence(half_life_us, columns, cells)


def _terms(one: Decided, redeemed: bool, began_us: int, half_life_us: int) -> tuple[int, int]:
    """What a decision adds to the second and first moments, for each step."""
    p = min(max(one.p_hat, LEAST_P), 1 - LEAST_P)
    weight = exp2((one.decided_us - began_us) / half_life_us)
    teaches = p * (1 - p)
    pull = teaches * (log(p / (1 - p)) - one.lean) - p
    label = round(weight * WEIGHT) if redeemed else 0
    weighed = weight * one.weight
    return round(weighed * teaches * WEIGHT), round(weighed * pull * WEIGHT) + label


def negated(evidence: Evidence) -> Evidence:
    """What merged with the evidence leaves nothing."""
    cells = {}
    for key, cell in evidence.cells.items():
        taken = cells[key] = Cell(0)
        taken.second, taken.first = -cell.second, -cell.first
        taken.decisions, taken.redeemed = -cell.decisions, -cell.redeemed
    return Evidence(evidence.half_life_us, dict(evidence.columns), cells)


def copied(evidence: Evidence) -> Evidence:
    """The same sums, to be changed apart."""
    made = Evidence(evidence.half_life_us)
    made.merge(evidence)
    return made


def refitted(
    decided: Sequence[Decided], redeemed: Sequence[bool], rest: Evidence, prior: Prior, now_us: int
) -> Evidence:
    """The sums of these decisions where the model has come to, beside the rest that stays as it is."""
    if not decided:
        return Evidence(rest.half_life_us)
    usual = (sum(redeemed) + 1) / (len(decided) + 2)
    taken = [replace(one, p_hat=usual) for one in decided]
    for _ in range(PASSES):
        whole = summed(taken, redeemed, rest.half_life_us)
        whole.merge(rest)
        likely = _likely(solve(whole, prior, now_us), decided)
        taken = [replace(one, p_hat=p) for one, p in zip(decided, likely, strict=True)]
    return summed(taken, redeemed, rest.half_life_us)


def _likely(snapshot: Snapshot, decided: Sequence[Decided]) -> list[float]:
    """What the model makes of each decision's own offer."""
    offers = list(dict.fromkeys(one.offer for one in decided))
    column = {offer: at for at, offer in enumerate(offers)}
    arms = [Arm(offer, 1.0) for offer in offers]
    found: list[float] = []
    for start in range(0, len(decided), _AT_ONCE):
        some = decided[start : start + _AT_ONCE]
        leans = np.zeros((len(some), len(offers)))
        own = np.arange(len(some)), [column[one.offer] for one in some]
        leans[own] = [one.lean for one in some]
        xs = [one.x for one in some]
        choices = choose_many(snapshot, xs, arms, _FIRST, [0] * len(some), leans=leans)
        found += choices.p_hat[own].tolist()
    return found
