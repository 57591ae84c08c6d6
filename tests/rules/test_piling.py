"""Rows are added up by what they have in common, exactly, whatever their numbers are."""

from collections import Counter
from random import Random

import pytest

from promosight.rules.piling import added_up

FAR = 2**63 - 1


@pytest.mark.parametrize("far", [9, 2**40, FAR])
def test_rows_that_are_alike_are_added_up(far: int) -> None:
    random = Random(far)
    rows = [
        (random.choice([-far, 0, 3, far]), random.choice([0, 1, far]), random.randrange(2))
        for _ in range(200)
    ]
    values = [random.choice([0, 7, 10**15]) for _ in rows]
    found = added_up([*zip(*rows, strict=True)], [values])
    assert {key: n for key, n, _ in found} == Counter(rows)
    expected: Counter[tuple[int, int, int]] = Counter()
    for row, value in zip(rows, values, strict=True):
        expected[row] += value
    assert {key: total for key, _, (total,) in found} == expected
