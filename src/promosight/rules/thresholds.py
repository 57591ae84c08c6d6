"""Thresholds: soft alerts of a limit. Nothing is refused at them; people are told.

What is used of a limit is the larger of what is committed and what is redeemed. Of a limit of zero everything is
used as soon as anything is.
"""

from __future__ import annotations

from promosight.rules.identity import stable_hash
from promosight.rules.promotions import Limit

THRESHOLDS = (50, 80, 90, 100)
"""Per cent of a limit, of which people are told."""


def reached(used_micros: int, whole_micros: int) -> list[int]:
    """Every threshold that is reached, the lowest first."""
    if used_micros <= 0:
        return []
    return [one for one in THRESHOLDS if used_micros * 100 >= one * whole_micros]


def alert_no(promotion_no: int, limit: Limit, window_name: str, threshold: int) -> int:
    """The number of an alert: the same in every process. Another amount makes another limit, and alerts of its own."""
    what = (limit.measure, limit.window, limit.tier_id, limit.amount)
    return stable_hash("alert", promotion_no, *what, window_name, threshold)
