"""Columns made into arrays of numbers, and the rules that are asked of all rows of them at once.

Loading numpy takes a tenth of a second, so only who takes thousands imports this.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from promosight.rules.matching import SKEW_US
from promosight.rules.numbered import Numbered
from promosight.rules.numbers import NOTHING, Marks, Numbers
from promosight.rules.repeated import Repeated
from promosight.rules.sheets import says_one_thing


def numbers_of(column: Sequence[int | None], missing: int = 0) -> Numbers:
    """A column as numbers."""
    if isinstance(column, Repeated):
        return numbers_of(column.values, missing)[column.which]
    if isinstance(column, Numbered):
        return column.numbers
    if says_one_thing(column):
        same = column[0] if len(column) else missing
        return np.full(len(column), missing if same is None else same, np.int64)
    try:
        return np.fromiter(column, np.int64, len(column))
    except TypeError:  # one is missing, which costs less to find out than to look for
        said = [missing if one is None else one for one in column]
        return np.fromiter(said, np.int64, len(said))


def are_in_time(assigned_us: Numbers, expires_us: Numbers, redeemed_us: Numbers) -> Marks:
    """What `matching.is_in_time` says of each row; NOTHING where an assignment does not expire."""
    open_ended = expires_us == NOTHING
    found: Marks = (assigned_us <= redeemed_us + SKEW_US) & (
        open_ended | (redeemed_us < expires_us)
    )
    return found
