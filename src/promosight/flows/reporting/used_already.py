"""Which of thousands of groups have events, asked range by range where they lie close together.

Asking for each group costs a descent of the index, whether it has an event or not. A file that is read promotion by
promotion wants so many groups of each bucket that to read what events there are costs a third of that, and nothing
where there are none yet.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from promosight.rules.numbers import Marks, Numbers
from promosight.store.tx import Tx

CROWDED = 100
"""Groups asked for in a bucket of a promotion, on average, from which on its events are read."""

FEW_FOR_EACH = 1.5
"""As many events may be there for each group that is asked for: one costs a third of what asking costs."""


class Asked(Protocol):
    """Rows by promotion and bucket, or by bucket and promotion, each field a column."""

    @property
    def bucket(self) -> Numbers:
        """The bucket of the group."""

    @property
    def promotion_no(self) -> Numbers:
        """Its promotion."""

    @property
    def customer_no(self) -> Numbers:
        """Its customer."""

    @property
    def row(self) -> Numbers:
        """The row of the sheet."""


def used_already(tx: Tx, asked: Asked, rows: int) -> Marks | None:
    """By row, of so many, whether its group has events; None where they are better asked for one by one."""
    count = len(asked.row)
    begins = np.ones(count, np.bool_)
    begins[1:] = (asked.bucket[1:] != asked.bucket[:-1]) | (
        asked.promotion_no[1:] != asked.promotion_no[:-1]
    )
    ranges = asked.bucket[begins], asked.promotion_no[begins]
    if count < CROWDED * max(1, len(ranges[0])):
        return None
    most = int(FEW_FOR_EACH * count)
    kinds = ("BIGINT", "BIGINT")
    nos, customers = tx.found_by_column("groups_with_events_in_ranges", ranges, kinds, most=most)
    if len(nos) >= most:
        return None
    used = np.zeros(rows, np.bool_)
    for no in np.unique(nos).tolist():
        here = asked.promotion_no == no
        used[asked.row[here]] = np.isin(asked.customer_no[here], customers[nos == no])
    return used
