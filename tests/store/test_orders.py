"""The order in which groups are looked up: a matter of cost. No row is lost, and those of a group stay together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promosight.rules.identity import BUCKET_SHIFT, BUCKETS
from promosight.store.orders import Orders, PostgresOrders

_bucket = st.integers(0, BUCKETS - 1)
_groups = st.lists(st.tuples(st.integers(1, 4), _bucket, st.integers(0, 3)), max_size=60)


@pytest.mark.parametrize("kind", [Orders, PostgresOrders])
@given(groups=_groups)
def test_groups_of_a_bucket_and_rows_of_a_group_follow_each_other(
    kind: type[Orders], groups: list[tuple[int, int, int]]
) -> None:
    orders = kind()
    promotions = np.array([one[0] for one in groups], np.int64)
    customers = np.array([(one[1] << BUCKET_SHIFT) + one[2] for one in groups], np.int64)
    for _ in ("there", "back", "there again"):
        order = orders.of_groups(promotions, customers).tolist()
        assert sorted(order) == [*range(len(groups))]
        told = [groups[row] for row in order]
        assert _times_begun([one[:2] for one in told]) == len({one[:2] for one in told})
        assert _times_begun(told) == len({*told})
        before = dict.fromkeys(told, -1)
        for row in order:
            assert before[groups[row]] < row
            before[groups[row]] = row


def test_postgresql_is_asked_promotion_by_promotion_there_and_back() -> None:
    orders = PostgresOrders()
    promotions = np.array([2, 1, 3, 1], np.int64)
    customers = np.array([5 << BUCKET_SHIFT, 9 << BUCKET_SHIFT, 1 << BUCKET_SHIFT, 4], np.int64)
    turns = [orders.of_groups(promotions, customers).tolist() for _ in range(3)]
    assert turns == [[3, 1, 0, 2], [2, 0, 3, 1], [3, 1, 0, 2]]


def _times_begun(told: list[tuple[int, ...]]) -> int:
    """How many runs of the same there are."""
    return sum(one != before for one, before in zip(told, [None, *told], strict=False))
