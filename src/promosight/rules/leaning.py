"""Leaning: what a customer's own record with one promotion says of the next time, before any model.

A model's features tell customers apart by what they do with kinds and rewards; whether this customer redeems this very
promotion is better known from the record itself. It is drawn towards the usual rate by as many offers as `_DRAWN`, and
the difference in log-odds is added to what the model says. Without a record it is 0, and it is bounded.
"""

from __future__ import annotations

from functools import lru_cache
from math import log

from promosight.rules.features import Record

_DRAWN = 8.0
_BOUND = 2.5


def lean_of(record: Record | None, rate: float) -> float:
    """Log-odds that a record adds where promotions are redeemed at this rate on average."""
    if record is None or not (record.assigned or record.redeemed):
        return 0.0
    return _lean(max(record.assigned, record.redeemed), record.redeemed, rate)


@lru_cache(1_024)
def _lean(assigned: int, redeemed: int, rate: float) -> float:
    """The same: of the few numbers there are it is asked thousands of times."""
    likely = (redeemed + _DRAWN * rate) / (assigned + _DRAWN)
    found = log(likely / (1 - likely)) - log(rate / (1 - rate))
    return max(-_BOUND, min(_BOUND, found))
