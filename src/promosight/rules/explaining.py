"""Why an offer looked good: its log-odds of redemption taken apart, exactly, by what each known thing adds.

Scores are linear in the log-odds, so the parts of two offers can be compared one by one: the parts of a difference add
up to the difference.
"""

from __future__ import annotations

from collections.abc import Mapping

from promosight.rules.features import BIAS, Offer
from promosight.rules.snapshot import Snapshot


def contributions(snapshot: Snapshot, x: Mapping[str, float], offer: Offer) -> dict[str, float]:
    """Log-odds by named part: `offer` what it has by itself, else the feature of the customer. They add up exactly."""
    weights = snapshot.weights(offer)
    row = snapshot.layout.row(x)
    parts = {
        name: float(weight * value)
        for name, weight, value in zip(snapshot.layout.names, weights, row, strict=True)
        if value
    }
    return {"offer": parts.pop(BIAS), **parts}


def against(
    snapshot: Snapshot, x: Mapping[str, float], offer: Offer, other: Offer
) -> list[tuple[str, float]]:
    """What speaks for an offer against another, the weightiest part first."""
    theirs = contributions(snapshot, x, other)
    parts = {name: part - theirs[name] for name, part in contributions(snapshot, x, offer).items()}
    return sorted(parts.items(), key=lambda item: (-abs(item[1]), item[0]))
