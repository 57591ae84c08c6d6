"""Customers named by the thousand: each row's number is its customer's, whatever is kept and let go meanwhile."""

from __future__ import annotations

import pytest

from promosight.flows import acquainted
from promosight.flows.acquainted import NOBODY, Acquainted
from promosight.flows.many import firsts_of
from promosight.rules.identity import customer_number


@pytest.mark.parametrize("kept", [3, 5, 200_000])
def test_numbers_stand_in_the_place_of_who_is_named(
    kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where so many were kept that they begin anew: those named before are among the numbers then, too."""
    monkeypatch.setattr(acquainted, "_KEPT", kept)
    known = Acquainted(1)
    for named in (["a", "b"], ["b", None, "c", "d", "b"], ["a", "e", None]):
        wanted = [NOBODY if one is None else customer_number("w", one) for one in named]
        assert known.numbered("w", named).tolist() == wanted
        assert {one for one in named if one is not None} <= known.numbers.keys()


@pytest.mark.parametrize("values", [1, 5, 300, 3_000])
def test_the_first_row_of_each_value_is_found_wherever_it_stands(values: int) -> None:
    """In the beginning, in rows far behind it, and where there are many."""
    column = [f"p-{row * row % values}" for row in range(2_500)] + [None, "late", "late"]
    assert firsts_of(column) == {one: column.index(one) for one in column}
