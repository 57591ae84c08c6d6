"""From sums to a model: log-odds of redemption, linear in columns that all offers share and in a few of each promotion.

Shared columns are a customer's features times an offer's (`basket x worth`), so that an offer created a minute ago is
scored sensibly. Each promotion adds its own effect, its effect on each segment (words such as `plan=gold`) and, with
tiers, one for each tier. A decision concerns the shared columns and its own promotion's, so the precision matrix is an
arrowhead, solved by a Schur complement: one small inverse per promotion, one of the shared columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log

import numpy as np
from numpy.typing import NDArray

from promosight.rules.delays import BINS, Waits, coming
from promosight.rules.evidence import Evidence
from promosight.rules.features import BIAS, MOST, STEPS, Offer
from promosight.rules.scales import is_word, scale_of_customers, scale_of_offers
from promosight.rules.snapshot import Block, Layout, Snapshot

Floats = NDArray[np.float64]
SEGMENTS = 12
"""A promotion has effects of its own on this many of the commonest words."""
ALONE = ("kind=",)
"""Features of an offer that are not crossed with a customer's."""


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed before any decision, added when a snapshot is solved."""

    rate: float = 0.05
    """The workspace's redemption rate so far: where the intercept starts."""
    promotions: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """What was assigned and redeemed of each promotion before any decision of the policy."""
    intercept: float = 0.5
    offered: float = 0.3
    shared: float = 0.025
    word: float = 0.2
    own: float = 0.3
    segment: float = 0.15
    """Variances: of the intercept, of what offers are like, of the other shared columns (numbers, words), of a
    promotion's effect, of its segments and tiers."""
    habit: float = 0.3
    """Log-odds for each spread: whoever redeemed more (of this kind of reward) is likelier to do it again."""
    generous: float = 0.3
    """And for each spread that a reward is higher than usual."""
    trust: int = 200
    """History counts at most as so many assignments: those it was given to were chosen, not drawn."""

    def of(self, promotion: str) -> tuple[float, float]:
        """Mean and variance of a promotion's own effect, from its history."""
        assigned, redeemed = self.promotions.get(promotion, (0, 0))
        if not assigned:
            return 0.0, self.own
        rate = (redeemed + self.rate) / (assigned + 1)
        known = min(assigned, self.trust) * rate * (1 - rate)
        variance = 1 / (1 / self.own + known)
        return variance * known * (logit(rate) - logit(self.rate)), variance


def logit(p: float) -> float:
    """Log-odds, of what is not quite certain."""
    p = min(max(p, 1e-4), 1 - 1e-4)
    return log(p / (1 - p))


def solve(evidence: Evidence, prior: Prior, now_us: int, revision: int = 0) -> Snapshot:
    """The snapshot of this evidence at this time."""
    names, sums = _gathered(evidence, now_us)
    layout = _layout(names, sums)
    _give_back(sums, now_us)
    for each in sums.values():
        each.scaled(layout.usual.matrix)
    upper, first = _shared_sums(layout, sums)
    parts = _parts(layout, sums, prior)
    for part in parts:
        upper -= part.gain @ part.cross.T
        first -= part.gain @ part.first
    theta, spread = _settled(layout, prior, upper, first)
    return Snapshot(
        revision=revision,
        layout=layout,
        mean=theta,
        spread=spread,
        blocks={part.promotion: part.solved(theta, spread) for part in parts},
        unseen=prior.of,
        minor=prior.segment,
        decisions=sum(each.decisions for each in sums.values()),
        weight=sum(float(each.second[0, 0]) for each in sums.values()),
    )


@dataclass
class _Sum:
    """The sums of one offer over all eras, at today's weights."""

    second: Floats
    first: Floats
    decisions: int = 0
    made: dict[int, float] = field(default_factory=dict)
    delays: Floats = field(default_factory=lambda: np.zeros(BINS))

    def scaled(self, matrix: Floats) -> None:
        """As if all customers had been told on another scale."""
        self.second = matrix @ self.second @ matrix.T
        self.first = matrix @ self.first


@dataclass(frozen=True)
class _Part:
    """A promotion's own columns before the shared ones are known."""

    promotion: str
    tiers: tuple[str, ...]
    inner: Floats
    cross: Floats
    """Shared precision against own: shared columns x own columns."""
    gain: Floats
    first: Floats

    def solved(self, theta: Floats, spread: Floats) -> Block:
        """With the shared columns as they were found."""
        toward = spread @ self.gain
        return Block(
            tiers=self.tiers,
            mean=self.inner @ self.first - self.gain.T @ theta,
            spread=self.inner + self.gain.T @ toward,
            inner=self.inner,
            gain=self.gain,
            toward=toward,
        )


def _gathered(evidence: Evidence, now_us: int) -> tuple[tuple[str, ...], dict[Offer, _Sum]]:
    """Each offer's sums over the commonest names, eras put together oldest first."""
    cells = [
        (evidence.scale(era, now_us), offer, held, cell)
        for era, offer, held, cell in evidence.canonical()
    ]
    common = dict[str, float]()
    for scale, _, held, cell in cells:
        for name, support in zip(held, np.diag(cell.second), strict=True):
            common[name] = common.get(name, 0.0) + scale * float(support)
    common.pop(BIAS, None)
    names = (BIAS, *sorted(sorted(common), key=lambda name: -common[name])[:MOST])
    found: dict[Offer, _Sum] = {}
    for scale, offer, held, cell in cells:
        zero = np.zeros((len(names), len(names)))
        total = found.setdefault(offer, _Sum(zero, np.zeros(len(names))))
        of = [i for i, name in enumerate(held) if name in names]
        to = [names.index(held[i]) for i in of]
        total.second[np.ix_(to, to)] += scale / STEPS**2 * cell.second[np.ix_(of, of)]
        total.first[to] += scale / STEPS * cell.first[of]
        total.decisions += cell.decisions
        total.delays += scale * cell.delays
        for day, information in sorted(cell.made.items()):
            total.made[day] = total.made.get(day, 0.0) + scale * information
    return names, found


def _give_back(sums: Mapping[Offer, _Sum], now_us: int) -> None:
    """Adds the redemptions that recent decisions may still bring, spread over an offer's customers as they were."""
    groups = dict[str, list[Waits]]()
    for offer, each in sums.items():
        waits = Waits(float(each.second[0, 0]), each.made, each.delays)
        groups.setdefault(_reward_of(offer), []).append(waits)
    left = coming(groups, now_us)
    for offer, each in sums.items():
        known, still = float(each.second[0, 0]), left[_reward_of(offer)]
        expected = sum(still.get(day, 0.0) * mass for day, mass in sorted(each.made.items()))
        if known > 0:
            each.first += expected / known * each.second[0]


def _reward_of(offer: Offer) -> str:
    return next((name for name, _ in offer.features if name.startswith("reward=")), "")


def _layout(names: tuple[str, ...], sums: Mapping[Offer, _Sum]) -> Layout:
    kinds = (BIAS, *sorted({name for offer in sums for name, _ in offer.features}))
    crossed = [j for j, kind in enumerate(kinds) if not kind.startswith(ALONE)]
    pairs = [(0, j) for j in range(len(kinds))]
    pairs += [(i, j) for i in range(1, len(names)) for j in crossed]
    rows, cols = np.array(pairs, np.intp).T
    words = [i for i, name in enumerate(names) if is_word(name)]
    second = np.zeros((len(names), len(names)))
    for each in sums.values():
        second += each.second
    usual, offered = scale_of_customers(names, second), scale_of_offers(kinds, sums)
    return Layout(names, kinds, rows, cols, tuple(words[:SEGMENTS]), usual, offered)


def _settled(layout: Layout, prior: Prior, upper: Floats, first: Floats) -> tuple[Floats, Floats]:
    """The shared columns: their mean and covariance, with what was believed before added."""
    mean, precision = _believed(layout, prior)
    spread = _inverse(upper + np.diag(precision))
    return spread @ (first + precision * mean), spread


def _believed(layout: Layout, prior: Prior) -> tuple[Floats, Floats]:
    """Mean and precision of the shared columns before any decision."""
    mean, variance = np.zeros(len(layout.rows)), np.full(len(layout.rows), prior.shared)
    for at, (i, j) in enumerate(zip(layout.rows.tolist(), layout.cols.tolist(), strict=True)):
        name, kind = layout.names[i], layout.kinds[j]
        if i == 0:
            variance[at] = prior.offered
            mean[at] = prior.generous if kind == "worth" else 0.0
        elif is_word(name):
            variance[at] = prior.word
        elif name == f"rate:{kind}" or (name == "rate" and j == 0):
            mean[at] = prior.habit
    mean[0], variance[0] = logit(prior.rate), prior.intercept
    return mean, 1 / variance


def _inverse(precision: Floats) -> Floats:
    """Exactly symmetric, whatever rounding did."""
    inverse = np.linalg.inv(precision)
    return np.asarray((inverse + inverse.T) / 2, np.float64)


def _shared_sums(layout: Layout, sums: Mapping[Offer, _Sum]) -> tuple[Floats, Floats]:
    """Precision and first moments of the shared columns: each offer's sums times its features."""
    size, width = len(layout.rows), len(layout.names)
    if not sums:
        return np.zeros((size, size)), np.zeros(size)
    given = np.array([layout.given(offer) for offer in sums])
    second = np.array([each.second.ravel() for each in sums.values()])
    count = given.shape[1]
    pairs = (given[:, :, None] * given[:, None, :]).reshape(len(given), -1)
    grid = (pairs.T @ second).reshape(count, count, width, width)
    upper = grid[
        layout.cols[:, None], layout.cols[None, :], layout.rows[:, None], layout.rows[None, :]
    ]
    first = (given.T @ np.array([each.first for each in sums.values()]))[layout.cols, layout.rows]
    return upper, first


def _parts(layout: Layout, sums: Mapping[Offer, _Sum], prior: Prior) -> list[_Part]:
    together: dict[str, list[tuple[Offer, _Sum]]] = {}
    for offer, each in sums.items():
        together.setdefault(offer.promotion, []).append((offer, each))
    return [_part(layout, name, offers, prior) for name, offers in together.items()]


def _part(layout: Layout, name: str, offers: list[tuple[Offer, _Sum]], prior: Prior) -> _Part:
    tiers = tuple(sorted({offer.tier for offer, _ in offers if offer.tier}))
    tiers = tiers if len(tiers) > 1 else ()
    base = [0, *layout.segments]
    size = len(base) + len(tiers)
    effect, variance = prior.of(name)
    inner, first = np.eye(size) / prior.segment, np.zeros(size)
    inner[0, 0], first[0] = 1 / variance, effect / variance
    cross = np.zeros((len(layout.rows), size))
    for offer, each in offers:
        held, at = list(range(len(base))), list[int](base)
        if offer.tier in tiers:
            held.append(len(base) + tiers.index(offer.tier))
            at.append(0)
        inner[np.ix_(held, held)] += each.second[np.ix_(at, at)]
        first[np.array(held)] += each.first[np.array(at)]
        cross[:, held] += layout.of(offer)[:, None] * each.second[layout.rows[:, None], at]
    spread = _inverse(inner)
    return _Part(name, tiers, spread, cross, cross @ spread, first)
