"""Blocks: the columns that each promotion has for itself, solved; and many of them side by side.

Promotions differ in how many columns they have, by their tiers. Those with as many are computed with at once: thirty
small matrices, one after the other, cost ten times the sums that are done with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from promosight.rules.features import Offer

Floats = NDArray[np.float64]
Whole = NDArray[np.intp]


@dataclass(frozen=True)
class Block:
    """The columns of one promotion: its effect, one for each segment, one for each tier with decisions."""

    promotion: str
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

    def column(self, tier: str) -> int:
        """The column of a tier, 0 (which is no tier's) where it has none."""
        if tier not in self.tiers:
            return 0
        return len(self.mean) - len(self.tiers) + self.tiers.index(tier)


class Blocks(NamedTuple):
    """Blocks of equally many columns, side by side: the first axis of each array says whose they are."""

    promotions: tuple[str, ...]
    tiers: tuple[tuple[str, ...], ...]
    mean: Floats
    spread: Floats
    inner: Floats
    gain: Floats
    toward: Floats

    @classmethod
    def of(cls, blocks: Sequence[Block]) -> Blocks:
        """These side by side."""
        return cls(
            tuple(one.promotion for one in blocks),
            tuple(one.tiers for one in blocks),
            np.array([one.mean for one in blocks]),
            np.array([one.spread for one in blocks]),
            np.array([one.inner for one in blocks]),
            np.array([one.gain for one in blocks]),
            np.array([one.toward for one in blocks]),
        )

    def each(self) -> Iterator[Block]:
        """One after the other."""
        return map(Block, *self)


def packed(blocks: Mapping[str, Block]) -> list[Blocks]:
    """Few large arrays in place of many small ones, to be sent elsewhere."""
    return [Blocks.of(some) for some in _by_width(blocks.values()).values()]


def unpacked(sent: Iterable[Blocks]) -> dict[str, Block]:
    """What `packed` made."""
    return {one.promotion: one for some in sent for one in some.each()}


def _by_width(blocks: Iterable[Block]) -> dict[int, list[Block]]:
    found: dict[int, list[Block]] = {}
    for one in blocks:
        found.setdefault(len(one.mean), []).append(one)
    return found


class Owned(NamedTuple):
    """Some offers whose promotions have equally many columns."""

    places: Whole
    """Which of the offers they are."""
    blocks: Blocks
    """The promotions, each once."""
    whose: Whole
    """The promotion of each offer."""
    tier: Whole
    """The column of its tier, 0 where it has none."""

    def based(self, columns: Floats) -> Floats:
        """Columns of the promotions (the second axis) as the offers have them: the tier's goes with the effect.

        So every offer has the same columns: an effect, and one for each segment.
        """
        return self._with_tier(columns[self.whose])

    def squared(self, spread: Floats) -> Floats:
        """The same of both axes of covariances."""
        return self._with_tier(self.based(spread).swapaxes(1, 2))

    def _with_tier(self, columns: Floats) -> Floats:
        tiered = np.flatnonzero(self.tier)
        based: Floats = columns[:, : columns.shape[1] - len(self.blocks.tiers[0])].copy()
        based[tiered, 0] += columns[tiered, self.tier[tiered]]
        return based


def owned(offers: Sequence[Offer], blocks: Mapping[str, Block]) -> Iterator[Owned]:
    """Offers together with the columns of their promotions."""
    for some in _by_width(blocks.values()).values():
        place = {one.promotion: at for at, one in enumerate(some)}
        places = [at for at, offer in enumerate(offers) if offer.promotion in place]
        whose = [place[offers[at].promotion] for at in places]
        tier = [some[i].column(offers[at].tier) for i, at in zip(whose, places, strict=True)]
        yield Owned(_whole(places), Blocks.of(some), _whole(whose), _whole(tier))


def _whole(numbers: Sequence[int]) -> Whole:
    return np.array(numbers, np.intp)
