"""Drifting: where what was learned lately says otherwise than all that was learned, what is older counts less.

An offer that stops working has months behind it in which it worked. With all of it at hand the model is unsurprised for
weeks; so what was learned within days is compared with what the model expects, for each offer over all customers and in
each segment. Where it is off by more than luck does, the log-odds of that offer there are taken to have moved since, by
about as much: a normal step of that size stands between what is older and today, and limits what the older tells. Where
nothing surprises, nothing is changed.

It is done with what was learned within days, and then with each offer's last few hundred decisions: what changes within
a minute is seen by count alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from promosight.rules.gathering import Moments

Floats = NDArray[np.float64]
_ROUNDING = 1e-3
"""Where what is recent weighs more than all there is by more than this, it was made after the moment asked about."""
_LITTLE = 0.01
"""Information that is little beside what is believed of any effect beforehand."""
SURPRISING = 3.0
"""The square of a surprise over its information, from which on it counts. Weights that halve every two days leave it a
variance of half its information at most, so this is 2.4 deviations or more."""
SURPRISING_TAIL = 8.0
"""The same for an offer's tail, which is looked at much oftener in its own time: 4 deviations or more."""
_FAR = 16.0
"""No move is more, as a variance of log-odds."""
_CALM = 3.0
"""Information taken to have come as expected: few redemptions are no surprise."""


def moves(
    own: NDArray[np.intp], whole: Moments, recent: Moments, weights: Floats, surprising: float
) -> Floats:
    """By how much (a variance) each offer has moved on each of these features, 0 where nothing is surprising.

    `weights` is what the model makes of each offer: offer x feature.
    """
    expected = (recent.second[:, own] @ weights[:, :, None])[:, :, 0]
    surprise = recent.first[:, own] - expected
    known = recent.second.diagonal(axis1=1, axis2=2)[:, own] + _CALM
    counts = recent.second[:, 0, 0] <= whole.second[:, 0, 0] * (1 + _ROUNDING)
    moved = (surprise**2 > surprising * known) & counts[:, None]
    found: Floats = np.where(moved, np.minimum((surprise / known) ** 2, _FAR), 0.0)
    return found


def tempered(own: NDArray[np.intp], whole: Moments, recent: Moments, moved: Floats) -> Moments:
    """The sums of today's offers: those that have moved keep of what is older what it tells of today."""
    at = np.flatnonzero(moved.any(axis=1))
    older = whole.second[at] - recent.second[at]
    older_first = whole.first[at] - recent.first[at]
    root = np.sqrt(moved[at])
    # older (1 + moved x older)^-1, by the roots of the moves, so that what has not moved may stand beside.
    inner = np.eye(len(own)) + root[:, :, None] * older[:, own[:, None], own] * root[:, None]
    across = root[:, :, None] * older[:, own]
    try:
        pull = np.linalg.solve(inner, across).swapaxes(1, 2)
    except np.linalg.LinAlgError:
        return whole
    told = (root * older_first[:, own])[:, :, None]
    kept = recent.second[at] + older - pull @ across
    kept = (kept + kept.swapaxes(1, 2)) / 2
    possible = np.linalg.eigvalsh(kept)[:, 0] > -_LITTLE
    second, first = whole.second.copy(), whole.first.copy()
    second[at[possible]] = kept[possible]
    first[at[possible]] = (recent.first[at] + older_first - (pull @ told)[:, :, 0])[possible]
    return Moments(second, first)
