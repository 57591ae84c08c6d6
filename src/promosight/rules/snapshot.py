"""A solved model, immutable: what is chosen with. It says how likely each offer is redeemed, how sure it is, and why.

For an offer all columns fold into one weight for each feature of a customer, so that scoring thirty offers is one
product of a small matrix and a vector. These weights, and the matrices of how sure they are, are made when an offer is
first asked for and kept; two threads that make the same at once keep the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import xxhash
from numpy.typing import NDArray

from promosight.rules.features import BIAS, BOUND, Offer, stepped
from promosight.rules.scales import Scale

Floats = NDArray[np.float64]
DRAWS = 128
"""Draws from the posterior, made once for a snapshot."""
UNUSUAL = 4.0
"""No number of a customer counts as further from what is usual than so many times the spread."""


@dataclass(frozen=True)
class Layout:
    """Which columns there are: pairs of a customer's feature and an offer's, and a promotion's segments."""

    names: tuple[str, ...]
    """A customer's features, the bias first."""
    kinds: tuple[str, ...]
    """An offer's features, the bias first."""
    rows: NDArray[np.intp]
    """For each shared column its customer feature, ascending."""
    cols: NDArray[np.intp]
    """And its offer feature."""
    segments: tuple[int, ...]
    """The customer features on which each promotion has effects of its own."""
    usual: Scale
    """What is usual of a customer's features."""
    offered: Scale
    """What is usual of an offer's."""

    @cached_property
    def starts(self) -> NDArray[np.intp]:
        """Where the shared columns of each customer feature start."""
        return np.searchsorted(self.rows, np.arange(len(self.names)))

    @cached_property
    def places(self) -> dict[str, int]:
        """The place of each customer feature."""
        return {name: at for at, name in enumerate(self.names)}

    def of(self, offer: Offer) -> Floats:
        """For each shared column what the offer gives to it."""
        return self.given(offer)[self.cols]

    def given(self, offer: Offer) -> Floats:
        """An offer's features in order, as so much more than is usual."""
        told = dict(offer.features)
        values = np.array([1.0 if kind == BIAS else told.get(kind, 0.0) for kind in self.kinds])
        return self.offered.of(values)

    def row(self, x: Mapping[str, float]) -> Floats:
        """A customer's features in order, as so much more than is usual."""
        row: Floats = self.rows_of([x])[0]
        return row

    def rows_of(self, customers: Sequence[Mapping[str, float]]) -> Floats:
        """The same of many, one below the other."""
        places, width = self.places, len(self.names)
        told = []
        for x in customers:
            row = [0.0] * width
            for name, value in x.items():
                at = places.get(name)
                if at is not None:
                    row[at] = value if -BOUND <= value <= BOUND else stepped(value)
            row[0] = 1.0
            told.append(row)
        return self.standing(np.array(told, float).reshape(len(told), width))

    def standing(self, told: Floats) -> Floats:
        """Customers' features as told, in order (the bias first, which is 1), as so much more than is usual."""
        return np.minimum(np.maximum(self.usual.of(told), -UNUSUAL), UNUSUAL)

    def folded(self, columns: Floats) -> Floats:
        """Shared columns (the first axis) summed for each customer feature."""
        summed: Floats = np.add.reduceat(columns, self.starts, axis=0)
        return summed


@dataclass(frozen=True)
class Block:
    """The columns of one promotion: its effect, one for each segment, one for each tier with decisions."""

    tiers: tuple[str, ...]
    mean: Floats
    spread: Floats
    """Their covariance."""
    inner: Floats
    """The same if the shared columns were known."""
    gain: Floats
    """How these columns answer to the shared ones: mean = base - gain.T @ shared."""
    toward: Floats
    """Shared covariance @ gain."""


@dataclass(frozen=True)
class Snapshot:
    """A solved model. `revision` says of which state of the evidence."""

    revision: int
    layout: Layout
    mean: Floats
    spread: Floats
    blocks: Mapping[str, Block]
    unseen: Callable[[str], tuple[float, float]]
    """Mean and variance of the effect of a promotion without decisions."""
    minor: float
    """Prior variance of its effects on segments."""
    decisions: int
    """How many it has learned from."""
    weight: float
    """The information in them: the sum of p (1 - p), with what is forgotten taken off."""
    _weights: dict[Offer, Floats] = field(default_factory=dict, repr=False)
    _doubts: dict[Offer, Floats] = field(default_factory=dict, repr=False)
    _drawn: dict[Offer, Floats] = field(default_factory=dict, repr=False)
    _menus: dict[tuple[Offer, ...], Menu] = field(default_factory=dict, repr=False)

    def menu(self, offers: Sequence[Offer]) -> Menu:
        """These offers, prepared for scoring."""
        key = tuple(offers)
        menu = self._menus.get(key)
        if menu is None:
            if len(self._menus) >= 256:
                self._menus.clear()
            menu = self._menus[key] = Menu(self, key)
        return menu

    def block(self, promotion: str) -> Block:
        """A promotion's own columns; of one without decisions what is believed beforehand."""
        block = self.blocks.get(promotion)
        if block is not None:
            return block
        effect, variance = self.unseen(promotion)
        count = 1 + len(self.layout.segments)
        mean, spread = np.zeros(count), np.eye(count) * self.minor
        mean[0], spread[0, 0] = effect, variance
        nothing = np.zeros((len(self.mean), count))
        return Block((), mean, spread, spread, nothing, nothing)

    def weights(self, offer: Offer) -> Floats:
        """What each customer feature adds to the log-odds of an offer."""
        found = self._weights.get(offer)
        if found is None:
            block = self.block(offer.promotion)
            held, at = self.own_columns(offer, block)
            found = self.layout.folded(self.layout.of(offer) * self.mean)
            np.add.at(found, at, block.mean[held])
            self._weights[offer] = found
        return found

    def doubt(self, offer: Offer) -> Floats:
        """The covariance of these weights."""
        found = self._doubts.get(offer)
        if found is None:
            block = self.block(offer.promotion)
            held, at = self.own_columns(offer, block)
            given = self.layout.of(offer)
            half = self.layout.folded(given[:, None] * self.spread * given)
            found = self.layout.folded(half.T)
            across = self.layout.folded(given[:, None] * block.toward)[:, held]
            for column, place in enumerate(at):
                found[:, place] -= across[:, column]
                found[place, :] -= across[:, column]
            np.add.at(found, np.ix_(at, at), block.spread[np.ix_(held, held)])
            self._doubts[offer] = found
        return found

    def drawn(self, offer: Offer) -> Floats:
        """Weights drawn from the posterior, one row for each draw; draws of all offers belong together."""
        found = self._drawn.get(offer)
        if found is None:
            block = self.block(offer.promotion)
            held, at = self.own_columns(offer, block)
            noise = _noise(offer.promotion, len(block.mean))
            own = block.mean - (self._draws - self.mean) @ block.gain
            own += noise @ np.linalg.cholesky(block.inner).T
            found = self.layout.folded((self._draws * self.layout.of(offer)).T).T
            for column, place in zip(held, at, strict=True):
                found[:, place] += own[:, column]
            self._drawn[offer] = found
        return found

    def own_columns(self, offer: Offer, block: Block) -> tuple[list[int], list[int]]:
        """Which of a promotion's columns an offer has, and the customer feature each is an effect on."""
        segments = self.layout.segments
        held, at = list(range(1 + len(segments))), [0, *segments]
        if offer.tier in block.tiers:
            held.append(len(held) + block.tiers.index(offer.tier))
            at.append(0)
        return held, at

    @cached_property
    def _draws(self) -> Floats:
        drawn: Floats = _noise("", len(self.mean)) @ np.linalg.cholesky(self.spread).T
        return drawn + self.mean


class Menu:
    """Some offers with their weights side by side."""

    def __init__(self, snapshot: Snapshot, offers: tuple[Offer, ...]) -> None:
        self._snapshot, self._offers = snapshot, offers
        self._draws: dict[float, Floats] = {}
        width = len(snapshot.layout.names)
        self.weights = np.array([snapshot.weights(o) for o in offers]).reshape(len(offers), width)

    @cached_property
    def doubts(self) -> Floats:
        """Covariances, side by side."""
        width = self.weights.shape[1]
        each = [self._snapshot.doubt(offer) for offer in self._offers]
        return np.array(each).reshape(len(each) * width, width)

    def draws(self, scale: float) -> Floats:
        """Drawn weights, by draw, offer and customer feature, with the doubt scaled."""
        found = self._draws.get(scale)
        if found is None:
            each = [self._snapshot.drawn(offer) for offer in self._offers]
            stacked = np.array(each).reshape(len(each), DRAWS, self.weights.shape[1])
            away = stacked.transpose(1, 0, 2) - self.weights
            found = self._draws[scale] = np.ascontiguousarray(self.weights + scale * away)
        return found

    def sd(self, row: Floats) -> Floats:
        """How unsure the log-odds of each are for a customer."""
        count = len(self.weights)
        variances = (self.doubts @ row).reshape(count, len(row)) @ row
        deviations: Floats = np.sqrt(np.maximum(variances, 0.0))
        return deviations

    def sds(self, rows: Floats) -> Floats:
        """The same for many customers: customer x offer."""
        count, width = len(self.weights), rows.shape[1]
        halves = (self.doubts @ rows.T).reshape(count, width, len(rows))
        variances = np.einsum("kwn,nw->nk", halves, rows)
        deviations: Floats = np.sqrt(np.maximum(variances, 0.0))
        return deviations


def _noise(name: str, count: int) -> Floats:
    """Standard normal numbers, the same for the same name."""
    seed = xxhash.xxh64_intdigest(name.encode())
    return np.random.Generator(np.random.PCG64(seed)).standard_normal((DRAWS, count))
