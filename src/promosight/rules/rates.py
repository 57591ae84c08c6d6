"""The redemption rate: its state, its display, its uncertainty (semantics, section 2).

Everything here is exact integer arithmetic except the interval, so that the same counts give the same
text on every machine.
"""

from __future__ import annotations

from math import sqrt

ENOUGH = 30
"""Fewer assignments than this are too few to compare."""

_Z95 = 1.959963984540054  # the 97.5% quantile of the standard normal distribution


def state(*, historical: bool, reported: bool, assigned: int) -> str:
    """`not_tracked`, `no_data`, `no_assignments` or `tracked`: whether there is a rate, and if not why."""
    if historical:
        return "not_tracked"
    if not reported:
        return "no_data"
    return "tracked" if assigned else "no_assignments"


def rate(redeemed: int, assigned: int) -> float | None:
    """Redeemed over assigned, or None where nothing was assigned."""
    return redeemed / assigned if assigned else None


def display(redeemed: int, assigned: int) -> str:
    """The rate as shown: half up to one decimal, `.0` dropped, `<0.1%` if tiny, `100%` only if equal, `-` if none."""
    if not assigned:
        return "-"
    if redeemed and redeemed * 1000 < assigned:
        return "<0.1%"
    tenths = (redeemed * 2000 + assigned) // (2 * assigned)
    if tenths >= 1000 and redeemed < assigned:
        tenths = 999
    whole, tenth = divmod(tenths, 10)
    return f"{whole}.{tenth}%" if tenth else f"{whole}%"


def wilson(redeemed: int, assigned: int) -> tuple[float, float] | None:
    """The 95% Wilson score interval (Wilson 1927) of a share, or None without assignments."""
    if not assigned:
        return None
    share = redeemed / assigned
    z2 = _Z95 * _Z95 / assigned
    centre = share + z2 / 2
    half = _Z95 * sqrt(share * (1 - share) / assigned + z2 / (4 * assigned))
    low = 0.0 if redeemed == 0 else max((centre - half) / (1 + z2), 0.0)
    high = 1.0 if redeemed == assigned else min((centre + half) / (1 + z2), 1.0)
    return low, high
