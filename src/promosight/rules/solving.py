"""From sums to a model: log-odds of redemption, linear in columns that all offers share and in a few of each promotion.

Shared columns are a customer's features times an offer's (`basket x worth`), so that an offer created a minute ago is
scored sensibly. Each promotion adds its own effect, its effect on each segment (words such as `plan=gold`) and, with
tiers, one for each tier. A decision concerns the shared columns and its own promotion's, so the precision matrix is an
arrowhead, solved by a Schur complement: one small inverse per promotion, one of the shared columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from promosight.rules.blocks import Blocks, unpacked
from promosight.rules.drifting import SURPRISING, SURPRISING_TAIL, moves, tempered
from promosight.rules.evidence import Evidence
from promosight.rules.features import BIAS, Offer
from promosight.rules.gathering import Sums, gathered
from promosight.rules.scales import is_word, scale_of_customers, scale_of_offers
from promosight.rules.snapshot import Layout, Snapshot

Floats = NDArray[np.float64]
SEGMENTS = 12
"""A promotion has effects of its own on this many of the commonest words."""
ALONE = ("kind=",)
"""Features of an offer that are not crossed with a customer's."""
_AT_ONCE = 32
"""So many promotions are put together at once, so that they fit into memory."""


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
    names, sums = gathered(evidence, now_us)
    layout = _layout(names, sums)
    sums = sums.scaled(layout.usual.matrix)
    known = evidence.known()
    found = _solved(layout, sums, prior, revision, known)
    for recent, surprising in ((sums.lately, SURPRISING), (sums.tail, SURPRISING_TAIL)):
        weights = found.weights_of(sums.offers)
        moved = moves(layout.own, sums.whole, recent, weights, surprising)
        if moved.any():
            sums = sums._replace(whole=tempered(layout.own, sums.whole, recent, moved))
            found = _solved(layout, sums, prior, revision, known)
    return found


def _solved(
    layout: Layout, sums: Sums, prior: Prior, revision: int, known: Mapping[Offer, int]
) -> Snapshot:
    """The snapshot of these sums."""
    given = layout.given(sums.offers)
    upper, first = _shared_sums(layout, sums, given)
    parts = _parts(layout, sums, given, prior)
    for part in parts:
        upper -= _beside(part.gain) @ _beside(part.cross).T
        first -= _beside(part.gain) @ part.first.ravel()
    theta, spread = _settled(layout, prior, upper, first)
    return Snapshot(
        revision=revision,
        layout=layout,
        mean=theta,
        spread=spread,
        blocks=unpacked(part.solved(theta, spread) for part in parts),
        unseen=prior.of,
        minor=prior.segment,
        decisions=sums.decisions,
        known=known,
        weight=float(sums.whole.second[:, 0, 0].sum()),
    )


class _Parts(NamedTuple):
    """The own columns of promotions with equally many of them, before the shared ones are known; side by side."""

    promotions: tuple[str, ...]
    tiers: tuple[tuple[str, ...], ...]
    inner: Floats
    cross: Floats
    """Shared precision against own: shared columns x own columns."""
    gain: Floats
    first: Floats

    def solved(self, theta: Floats, spread: Floats) -> Blocks:
        """With the shared columns as they were found."""
        count, _, size = self.gain.shape
        toward = (spread @ _beside(self.gain)).reshape(-1, count, size).swapaxes(0, 1)
        base = (self.inner @ self.first[:, :, None])[:, :, 0]
        return Blocks(
            promotions=self.promotions,
            tiers=self.tiers,
            mean=base - theta @ self.gain,
            spread=self.inner + self.gain.swapaxes(1, 2) @ toward,
            inner=self.inner,
            gain=self.gain,
            toward=toward,
        )


def _beside(each: Floats) -> Floats:
    """The own columns of all, one beside the other: shared columns x own columns of all."""
    return each.swapaxes(0, 1).reshape(each.shape[1], -1)


def _layout(names: tuple[str, ...], sums: Sums) -> Layout:
    kinds = (BIAS, *sorted({name for offer in sums.offers for name, _ in offer.features}))
    crossed = [j for j, kind in enumerate(kinds) if not kind.startswith(ALONE)]
    pairs = [(0, j) for j in range(len(kinds))]
    pairs += [(i, j) for i in range(1, len(names)) for j in crossed]
    rows, cols = np.array(pairs, np.intp).T
    words = [i for i, name in enumerate(names) if is_word(name)]
    usual = scale_of_customers(names, sums.whole.second.sum(axis=0))
    offered = scale_of_offers(kinds, sums.offers)
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
    """Exactly symmetric, whatever rounding did; of one, or of many side by side."""
    inverse = np.linalg.inv(precision)
    return np.asarray((inverse + inverse.swapaxes(-1, -2)) / 2, np.float64)


def _shared_sums(layout: Layout, sums: Sums, given: Floats) -> tuple[Floats, Floats]:
    """Precision and first moments of the shared columns: each offer's sums times its features."""
    width, count = len(layout.names), len(layout.kinds)
    pairs = (given[:, :, None] * given[:, None, :]).reshape(len(given), count**2)
    grid = pairs.T @ sums.whole.second.reshape(len(given), width**2)
    upper = grid.reshape(count, count, width, width)[
        layout.cols[:, None], layout.cols[None, :], layout.rows[:, None], layout.rows[None, :]
    ]
    return upper, (given.T @ sums.whole.first)[layout.cols, layout.rows]


def _parts(layout: Layout, sums: Sums, given: Floats, prior: Prior) -> list[_Parts]:
    """The promotions' own columns, some promotions at a time."""
    together: dict[str, list[int]] = {}
    for at, offer in enumerate(sums.offers):
        together.setdefault(offer.promotion, []).append(at)
    alike: dict[int, list[_Own]] = {}
    for name, places in together.items():
        one = _Own.of(name, [sums.offers[at] for at in places], places)
        alike.setdefault(len(one.tiers), []).append(one)
    return [
        _part(layout, sums, given, some[start : start + _AT_ONCE], prior)
        for some in alike.values()
        for start in range(0, len(some), _AT_ONCE)
    ]


class _Own(NamedTuple):
    """A promotion with its offers."""

    name: str
    tiers: tuple[str, ...]
    """Those that have columns of their own: where there is but one, it is the promotion."""
    places: list[int]
    tier: list[int]
    """For each offer which of the tiers it is, -1 for none."""

    @classmethod
    def of(cls, name: str, offers: Sequence[Offer], places: list[int]) -> _Own:
        """Its tiers are read from its offers."""
        tiers = tuple(sorted({offer.tier for offer in offers if offer.tier}))
        tiers = tiers if len(tiers) > 1 else ()
        tier = [tiers.index(one.tier) if one.tier in tiers else -1 for one in offers]
        return cls(name, tiers, places, tier)


def _part(layout: Layout, sums: Sums, given: Floats, some: Sequence[_Own], prior: Prior) -> _Parts:
    """Promotions with equally many tiers: what their offers come to in their own columns, and the prior."""
    places = [at for one in some for at in one.places]
    starts = np.cumsum([0, *[len(one.places) for one in some]])[:-1]
    tier = np.array([i for one in some for i in one.tier])
    tiers = np.arange(len(some[0].tiers))
    # On which customer feature each own column is an effect, and which of them each offer has.
    on = np.append(layout.own, 0 * tiers)
    has = np.hstack([np.ones((len(places), len(layout.own))), tier[:, None] == tiers])
    second = sums.whole.second[places]
    inner = np.add.reduceat(second[:, on[:, None], on] * has[:, :, None] * has[:, None], starts)
    first = np.add.reduceat(sums.whole.first[places][:, on] * has, starts)
    held = given[places][:, layout.cols, None] * second[:, layout.rows[:, None], on]
    cross = np.add.reduceat(held * has[:, None], starts)
    effect, variance = np.array([prior.of(one.name) for one in some]).T
    inner += np.eye(len(on)) / prior.segment
    inner[:, 0, 0] += 1 / variance - 1 / prior.segment
    first[:, 0] += effect / variance
    spread = _inverse(inner)
    names = tuple(one.name for one in some)
    return _Parts(names, tuple(one.tiers for one in some), spread, cross, cross @ spread, first)
