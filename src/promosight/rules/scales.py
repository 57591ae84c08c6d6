"""Scales: features told as so much more or less than is usual, so that one belief fits all of them.

A basket lies between 3 and 5 on its logarithmic scale, a rate of redemption between 0 and 0.3. What is believed of a
column before any decision (its effect is small) would mean something else for each. So numbers are centred and
divided by their spread, both read from the evidence itself: a function of the same sums, without a second state. Words
are 0 or 1 and stay so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promosight.rules.features import Offer

Floats = NDArray[np.float64]
_LEAST = 0.1
"""No spread counts as less: what hardly differs must not become loud."""
_USUAL, _WEIGHT = 0.4, 0.5
"""The spread of a customer's number that is believed beforehand, and how much information that belief is."""
_OFFERS_USUAL, _OFFERS_WEIGHT = 0.25, 3.0
_OF_OFFERS = ("worth", "worth2", "tier")
"""The features of offers that are numbers."""


@dataclass(frozen=True)
class Scale:
    """What is taken off each feature, and by what the rest is divided."""

    centre: Floats
    spread: Floats

    def of(self, values: Floats) -> Floats:
        """Values (features last) on this scale."""
        found: Floats = (values - self.centre) / self.spread
        return found

    @property
    def matrix(self) -> Floats:
        """The same as a matrix, for rows whose first feature is always 1."""
        made = np.diag(1.0 / self.spread)
        made[1:, 0] = -(self.centre / self.spread)[1:]
        return made


def is_word(name: str) -> bool:
    """Whether a customer's feature is a word that was said, 0 or 1."""
    return "=" in name and not name.startswith("rate:") and not name.endswith("=#")


def scale_of_customers(names: Sequence[str], second: Floats) -> Scale:
    """From the second moments of all decisions, the bias first."""
    count = len(names)
    centre, spread = np.zeros(count), np.ones(count)
    known = float(second[0, 0])
    numbers = [at for at in range(1, count) if not is_word(names[at])]
    if known > 0 and numbers:
        centre[numbers] = second[0, numbers] / known
        about = np.maximum(second[numbers, numbers] - known * centre[numbers] ** 2, 0.0)
        variance = (about + _WEIGHT * _USUAL**2) / (known + _WEIGHT)
        spread[numbers] = np.maximum(np.sqrt(variance), _LEAST)
    return Scale(centre, spread)


def scale_of_offers(kinds: Sequence[str], offers: Iterable[Offer]) -> Scale:
    """From the offers there were decisions about, each counting once."""
    count = len(kinds)
    centre, spread = np.zeros(count), np.ones(count)
    told = {(one.promotion, one.tier): dict(one.features) for one in offers}
    for at, kind in enumerate(kinds):
        if kind in _OF_OFFERS and told:
            values = np.array([each.get(kind, 0.0) for each in told.values()])
            about = float(((values - values.mean()) ** 2).sum()) + _OFFERS_WEIGHT * _OFFERS_USUAL**2
            centre[at] = values.mean()
            spread[at] = max(np.sqrt(about / (len(values) + _OFFERS_WEIGHT)), _LEAST)
    return Scale(centre, spread)
