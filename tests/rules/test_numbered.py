"""A column of numbers that lie side by side is the list of these numbers in everything that is asked of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from promosight.rules.identity import content_digests, digests_of_columns
from promosight.rules.many_numbers import numbers_of
from promosight.rules.numbered import Numbered, least_and_most
from promosight.rules.repeated import few_of
from promosight.rules.sheets import Sheet, chosen, joined, picked, says_nothing, says_one_thing
from promosight.store.column_pieces import told
from promosight.store.copying import Field, packed
from tests.rules.test_columns import NOW_US

NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.sampled_from([0, 1, NOW_US])
COLUMNS = st.lists(NUMBERS, min_size=1, max_size=12)


def numbered(column: list[int]) -> Numbered:
    """The column, kept so."""
    return Numbered(np.array(column, np.int64))


@given(COLUMNS, st.slices(12), st.data())
def test_it_is_the_list_of_its_numbers(column: list[int], some: slice, data: Any) -> None:
    found = numbered(column)
    assert [found[row] for row in range(len(column))] == column
    assert {type(one) for one in (*found, found[0], found[-1])} == {int}
    assert [*found[some]] == column[some]
    assert [*found] == column
    assert [*reversed(found)] == column[::-1]
    assert (column[0] in found, None in found, "a" in found) == (True, False, False)
    counted: list[Any] = [None, *column]
    assert [found.count(one) for one in counted] == [column.count(one) for one in counted]
    assert (says_nothing(found), says_one_thing(found)) == (False, len(set(column)) == 1)
    assert least_and_most(found) == (min(column), max(column))
    assert numbers_of(found).tolist() == column
    assert [*few_of(found)] == column
    rows = data.draw(st.lists(st.integers(0, len(column) - 1), min_size=1))
    its = [column[row] for row in rows]
    assert [*picked(found, rows)] == [*chosen(found, rows, np.array(rows))] == its


@given(st.lists(COLUMNS, min_size=1, max_size=3), st.booleans())
def test_sheets_are_joined_and_set_apart_with_it(
    parts: list[list[int]], first_is_list: bool
) -> None:
    from promosight.rules.facts import Event

    def sheet(column: Any) -> Sheet:
        return Sheet(Event, [column] * len(Event.__struct_fields__), {})

    kept = [numbered(part) for part in parts]
    columns: list[Any] = [parts[0], *kept[1:]] if first_is_list else kept
    whole = [one for part in parts for one in part]
    together = joined([sheet(column) for column in columns])
    assert [*together.columns["digest"]] == whole
    assert [*together.apart({0: "alone"}).columns["digest"]] == [None, *whole[1:]]


@given(COLUMNS)
def test_stores_are_told_the_same(column: list[int]) -> None:
    found: Any = told(numbered(column))
    assert found.tolist() == column
    sent = [
        b"".join(packed([Field("one", "BIGINT", one)], len(column))[1])
        for one in (numbered(column), column)
    ]
    assert sent[0] == sent[1]


@given(COLUMNS)
def test_digests_are_those_of_its_numbers(column: list[int]) -> None:
    texts = [f"id-{number}" for number in column]
    found = digests_of_columns([texts, numbered(column)])
    assert [*found] == content_digests(zip(texts, column, strict=True))
