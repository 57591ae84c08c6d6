"""A solved model, immutable: what is chosen with. It says how likely each offer is redeemed, how sure it is, and why.

For an offer all columns fold into one weight for each feature of a customer, so that scoring thirty offers is one
product of a small matrix and a vector. These weights, and how sure they are, are made of many offers at once when a
menu of them is first asked for, and kept with it; two threads that make the same at once keep the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from promosight.rules.blocks import Block, Owned, owned, packed, unpacked
from promosight.rules.features import BOUND, Offer, stepped
from promosight.rules.scales import Scale

Floats = NDArray[np.float64]
Draws = NDArray[np.float32]
DRAWS = 128
"""Draws from the posterior, made once for a snapshot."""
_AT_ONCE = 32
"""How sure the weights of so many offers are is worked out together, so that it fits into memory."""
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
    def places(self) -> dict[str, int]:
        """The place of each customer feature."""
        return {name: at for at, name in enumerate(self.names)}

    @cached_property
    def own(self) -> NDArray[np.intp]:
        """The customer features that a promotion has columns of its own on, in their order: the bias, the segments."""
        return np.array([0, *self.segments], np.intp)

    @cached_property
    def _kinds(self) -> dict[str, int]:
        return {kind: at for at, kind in enumerate(self.kinds)}

    def given(self, offers: Sequence[Offer]) -> Floats:
        """Offers' features in order, as so much more than is usual, one row each."""
        told = np.zeros((len(offers), len(self.kinds)))
        places = self._kinds
        for row, offer in zip(told, offers, strict=True):
            for kind, value in offer.features:
                if (at := places.get(kind)) is not None:
                    row[at] = value
        told[:, 0] = 1.0
        return self.offered.of(told)

    def row(self, x: Mapping[str, float]) -> Floats:
        """A customer's features in order, as so much more than is usual."""
        row: Floats = self.table([x])[0]
        return row

    def table(self, customers: Sequence[Mapping[str, float]]) -> Floats:
        """The same of many customers, one row each."""
        told = np.zeros((len(customers), len(self.names)))
        told[:, 0] = 1.0
        places = self.places
        for row, x in zip(told, customers, strict=True):
            for name, value in x.items():
                at = places.get(name)
                if at:
                    row[at] = value if -BOUND <= value <= BOUND else stepped(value)
        return self.standing(told)

    def standing(self, told: Floats) -> Floats:
        """Customers' features as told, in order (the bias first, which is 1), as so much more than is usual."""
        return np.minimum(np.maximum(self.usual.of(told), -UNUSUAL), UNUSUAL)

    def squared(self, columns: Floats) -> Floats:
        """Shared columns (the first axis) as customer feature x offer feature; 0 where there is none."""
        found = np.zeros((len(self.names), len(self.kinds), *columns.shape[1:]))
        found[self.rows, self.cols] = columns
        return found


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
    known: Mapping[Offer, int]
    """And how many on each offer."""
    weight: float
    """The information in them: the sum of p (1 - p), with what is forgotten taken off."""
    _weights: dict[Offer, Floats] = field(default_factory=dict, repr=False)
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
        count = len(self.layout.own)
        mean, spread = np.zeros(count), np.eye(count) * self.minor
        mean[0], spread[0, 0] = effect, variance
        nothing = np.zeros((len(self.mean), count))
        return Block(promotion, (), mean, spread, spread, nothing, nothing)

    def weights(self, offer: Offer) -> Floats:
        """What each customer feature adds to the log-odds of an offer."""
        found = self._weights.get(offer)
        return self.weights_of([offer])[0] if found is None else found

    def weights_of(self, offers: Sequence[Offer]) -> Floats:
        """The same of many offers, one row each. They are kept."""
        layout = self.layout
        found = layout.given(offers) @ layout.squared(self.mean).T
        for each in self._owned(offers):
            found[each.places[:, None], layout.own] += each.based(each.blocks.mean)
        self._weights.update(zip(offers, found, strict=True))
        return found

    def doubts_of(self, offers: Sequence[Offer]) -> Floats:
        """The covariances of these weights, offer x feature x feature."""
        found = [
            self._doubts(offers[start : start + _AT_ONCE])
            for start in range(0, len(offers), _AT_ONCE)
        ]
        width = len(self.layout.names)
        return np.concatenate(found) if found else np.zeros((0, width, width))

    def _doubts(self, offers: Sequence[Offer]) -> Floats:
        layout, given = self.layout, self.layout.given(offers)
        half = given @ layout.squared(self.spread)  # customer feature x offer x shared column
        found: Floats = np.einsum("nkom,ok->onm", layout.squared(half.transpose(2, 1, 0)), given)
        for each in self._owned(offers):
            toward = each.based(each.blocks.toward.swapaxes(1, 2)).transpose(2, 0, 1)
            across = np.einsum("nkoc,ok->ocn", layout.squared(toward), given[each.places])
            at, own = each.places[:, None], layout.own
            found[at, :, own] -= across
            found[at, own] -= across
            found[at[:, None], own[:, None], own] += each.squared(each.blocks.spread)
        return found

    def drawn_of(self, offers: Sequence[Offer]) -> Floats:
        """Weights drawn from the posterior, feature x offer x draw; the draws of all offers belong together."""
        layout, shared = self.layout, self._draws.T
        found = layout.given(offers) @ layout.squared(shared)
        away = shared - self.mean[:, None]
        for each in self._owned(offers):
            some = each.blocks
            noise = np.array([_noise(one, some.mean.shape[1]) for one in some.promotions])
            own = some.mean[:, :, None] - some.gain.swapaxes(1, 2) @ away
            own += np.linalg.cholesky(some.inner) @ noise.swapaxes(1, 2)
            found[layout.own[:, None], each.places] += each.based(own).swapaxes(0, 1)
        return found

    def _owned(self, offers: Sequence[Offer]) -> Iterator[Owned]:
        return owned(offers, {one.promotion: self.block(one.promotion) for one in offers})

    def __getstate__(self) -> dict[str, Any]:
        """Sent elsewhere as few large arrays: taking hundreds of small ones apart keeps decisions waiting there."""
        offers, weights = tuple(self._weights), np.array(list(self._weights.values()))
        return {**self.__dict__, "blocks": packed(self.blocks), "_weights": (offers, weights)}

    def __setstate__(self, sent: dict[str, Any]) -> None:
        weights = dict(zip(*sent["_weights"], strict=True))
        self.__dict__.update(sent, blocks=unpacked(sent["blocks"]), _weights=weights)

    @cached_property
    def _draws(self) -> Floats:
        drawn: Floats = _noise("", len(self.mean)) @ np.linalg.cholesky(self.spread).T
        return drawn + self.mean


class Menu:
    """Some offers with their weights side by side."""

    def __init__(self, snapshot: Snapshot, offers: tuple[Offer, ...]) -> None:
        self._snapshot, self._offers = snapshot, offers
        self._draws: dict[float, Draws] = {}
        self.weights = snapshot.weights_of(offers)
        self.known = tuple(snapshot.known.get(offer, 0) for offer in offers)
        """How many decisions on each the model has learned from."""

    @cached_property
    def doubts(self) -> Floats:
        """Covariances, side by side."""
        return self._snapshot.doubts_of(self._offers).reshape(-1, self.weights.shape[1])

    def draws(self, scale: float) -> Draws:
        """Drawn weights with the doubt scaled: for each customer feature one row, in it each offer's draws.

        They are turned round (less is more) as the logistic function wants them. Behind the last offer stands one of
        which nothing is drawn: "none".
        """
        found = self._draws.get(scale)
        if found is None:
            count, width = self.weights.shape
            mean = self.weights.T[:, :, None]
            turned = np.zeros((width, count + 1, DRAWS), np.float32)
            turned[:, :-1] = -(mean + scale * (self._snapshot.drawn_of(self._offers) - mean))
            found = self._draws[scale] = turned.reshape(width, -1)
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


@lru_cache(256)
def _noise(name: str, count: int) -> Floats:
    """Standard normal numbers, the same for the same name. Kept: promotions stay, from snapshot to snapshot."""
    seed = xxhash.xxh64_intdigest(name.encode())
    noise = np.random.Generator(np.random.PCG64(seed)).standard_normal((DRAWS, count))
    noise.setflags(write=False)
    return noise
