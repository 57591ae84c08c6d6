"""A column of texts that lie side by side as bytes is the list of these texts in everything that is asked of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from promosight.rules.aligned import Aligned, side_by_side
from promosight.rules.repeated import few_numbers_of, few_of
from promosight.rules.sheets import says_nothing, says_one_thing
from promosight.store.copying import Field, order_of, packed

TEXTS = st.one_of(st.none(), st.text(st.sampled_from("!a0~"), min_size=1, max_size=19))
COLUMNS = st.lists(TEXTS, min_size=1, max_size=12)


def aligned(column: list[str | None]) -> Aligned:
    """The column, kept so."""
    return Aligned(np.array([(text or "").encode() for text in column], np.bytes_))


@given(COLUMNS, st.slices(12), st.booleans())
def test_it_is_the_list_of_its_texts(column: list[Any], some: slice, made: bool) -> None:
    found = aligned(column)
    if made:
        assert found.texts == column
    assert [found[row] for row in range(len(column))] == column
    assert [*found[some]] == column[some]
    assert (len(found), found[-1]) == (len(column), column[-1])
    assert [*found] == column
    assert [*reversed(found)] == column[::-1]
    assert all(text in found for text in column)
    assert ("b" in found, None in found) == (False, None in column)
    assert [found.count(text) for text in (None, *column)] == [
        column.count(text) for text in (None, *column)
    ]
    assert (says_nothing(found), says_one_thing(found)) == (
        says_nothing(column),
        says_one_thing(column),
    )
    assert found.even == (None not in column and len({*map(len, column)}) == 1)


@given(COLUMNS, st.booleans(), st.data())
def test_some_rows_of_it_are_chosen(column: list[Any], made: bool, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, len(column) - 1)))
    found = aligned(column)
    assert not made or found.texts == column
    assert [*found.at(np.array(rows, np.int64))] == [column[row] for row in rows]
    left = [None if row in rows else text for row, text in enumerate(column)]
    assert [*found.but(rows)] == left


@given(st.lists(COLUMNS, min_size=1, max_size=3), st.booleans())
def test_columns_become_one(columns: list[list[Any]], made: bool) -> None:
    parts = [aligned(column) for column in columns]
    assert not made or all([*part] for part in parts)
    assert [*side_by_side(parts)] == [text for column in columns for text in column]


@given(COLUMNS, st.data())
def test_it_is_put_in_the_order_of_its_bytes(column: list[Any], data: st.DataObject) -> None:
    found, places = aligned(column), range(len(column))
    order = found.order().tolist()
    assert order == sorted(places, key=lambda row: column[row] or "")
    rows = data.draw(st.lists(st.sampled_from(places), unique=True))
    some = order_of(found, np.array(rows, np.int64))
    texts = [column[row] for row in rows]
    if not texts or None in texts:
        assert some is None
    else:
        assert some is not None
        assert [texts[place] for place in some.tolist()] == sorted(texts)


@given(COLUMNS)
def test_it_is_copied_into_a_store_as_the_list_of_its_texts_is(column: list[Any]) -> None:
    rows = [
        b"".join(packed([Field("id", "TEXT", its)], len(column))[1])
        for its in (column, aligned(column))
    ]
    assert rows[0] == rows[1]


@given(COLUMNS)
def test_it_tells_what_was_said_before(column: list[Any]) -> None:
    rows, first = aligned(column).said_before()
    expected = {row: column.index(text) for row, text in enumerate(column) if text in column[:row]}
    assert dict(zip(rows.tolist(), first.tolist(), strict=True)) == expected


@given(COLUMNS)
def test_what_is_alike_looks_alike(column: list[Any]) -> None:
    looks = dict(zip(column, aligned(column).looks().tolist(), strict=True))
    assert aligned(column).looks().tolist() == [looks[text] for text in column]


@given(COLUMNS, st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(0, 5), min_size=1))
def test_any_column_is_told_apart(column: list[Any], numbers: list[int]) -> None:
    few = few_of(column)
    assert [*few] == column
    assert len(few.values) == len({*column})
    by_number = few_numbers_of(np.array(numbers, np.int64))
    assert [*by_number] == numbers
    assert by_number.values == sorted({*numbers})
