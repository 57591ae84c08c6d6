"""A column that is kept by what it says is that column in everything that is asked of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from promosight.rules.columns import AssignmentColumns, EventColumns, assignment_sheet, event_sheet
from promosight.rules.many_numbers import numbers_of
from promosight.rules.numbers import NOTHING
from promosight.rules.repeated import Repeated, chained, firsts, firsts_alike, values_of
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from promosight.rules.sheets import Sheet, joined, says_nothing, says_one_thing
from tests.rules.test_columns import ASSIGNMENT, EVENT, GIVEN, NOW_US, REDEMPTION, batch

COLUMNS = st.lists(st.sampled_from([None, "a", "b", "c"]), min_size=1, max_size=12)


def repeated(column: list[Any]) -> Repeated:
    """The column, kept so; values are told apart by how they are written, as not all can be compared (`sNaN`)."""
    values = {repr(value): value for value in column}
    places = {written: place for place, written in enumerate(values)}
    which = np.array([places[repr(value)] for value in column], np.int64)
    return Repeated(list(values.values()), which)


@given(COLUMNS, st.slices(12), st.data())
def test_it_is_the_list_of_what_its_rows_say(
    column: list[Any], some: slice, data: st.DataObject
) -> None:
    found = repeated(column)
    assert [*found] == column
    assert [*reversed(found)] == column[::-1]
    assert [found[row] for row in range(len(column))] == column
    assert [*found[some]] == column[some]
    assert set(found[some].values) == {*column[some]}
    assert (len(found), None in found) == (len(column), None in column)
    assert [found.count(value) for value in column] == [column.count(value) for value in column]
    assert says_nothing(found) == says_nothing(column)
    assert says_one_thing(found) == says_one_thing(column)
    rows = data.draw(st.lists(st.integers(0, len(column) - 1), min_size=1))
    assert found.at(np.array(rows)) == [column[row] for row in rows]
    left = found.but(rows)
    assert [*left] == [None if row in rows else value for row, value in enumerate(column)]
    assert set(left.values) == {*left}


@given(COLUMNS, COLUMNS)
def test_columns_follow_each_other_and_values_are_found_where_they_are_first_said(
    one: list[Any], other: list[Any]
) -> None:
    both = chained([repeated(one), repeated(other)])
    assert [*both] == one + other
    assert len(both.values) == len({*one, *other})
    at = firsts(both.which, len(both.values)).tolist()
    assert at == [(one + other).index(value) for value in both.values]
    numbers = [None if value is None else ord(value) for value in one]
    assert numbers_of(repeated(numbers), NOTHING).tolist() == [
        NOTHING if number is None else number for number in numbers
    ]


@given(st.lists(st.tuples(*[st.sampled_from("abc")] * 3), min_size=1, max_size=20))
def test_rows_that_are_alike_are_found_by_the_first_of_them(rows: list[tuple[str, ...]]) -> None:
    columns = [repeated(list(column)) for column in zip(*rows, strict=True)]
    assert firsts_alike(columns, len(rows)).tolist() == [rows.index(row) for row in rows]
    wide = [
        Repeated(list(range(2_000)), one.which) for one in columns
    ]  # too many kinds for a place each
    assert firsts_alike(wide, len(rows)).tolist() == [rows.index(row) for row in rows]


def _told(sheet: Sheet, doubts: set[int]) -> list[list[Any]]:
    """What a sheet says in rows that are not in doubt."""
    return [
        [value for row, value in enumerate(column) if row not in doubts]
        for column in sheet.columns.values()
    ]


@given(batch(ASSIGNMENT, GIVEN), st.sets(st.sampled_from(sorted(ASSIGNMENT))))
def test_assignments_are_judged_alike_however_their_columns_are_kept(
    records: list[dict[str, Any]], kept: set[str]
) -> None:
    reported = [ReportedAssignment(**record) for record in records or [GIVEN]]
    lists = AssignmentColumns(
        *([getattr(one, name) for one in reported] for name in AssignmentColumns._fields)
    )
    again = lists._replace(**{name: repeated(getattr(lists, name)) for name in kept})
    wanted, found = (assignment_sheet(one, received_us=NOW_US) for one in (lists, again))
    assert found[1] == wanted[1]
    assert _told(*found) == _told(*wanted)
    gone = dict.fromkeys(found[1])
    both = joined([found[0].apart(gone), found[0].apart(gone)])
    assert _told(both, set()) == [one * 2 for one in _told(joined([wanted[0].apart(gone)]), set())]


@given(batch(EVENT, REDEMPTION), st.sets(st.sampled_from(sorted(EVENT))))
def test_events_are_judged_alike_however_their_columns_are_kept(
    records: list[dict[str, Any]], kept: set[str]
) -> None:
    reported = [ReportedEvent(**record) for record in records or [REDEMPTION]]
    lists = EventColumns(
        *([getattr(one, name) for one in reported] for name in EventColumns._fields)
    )
    again = lists._replace(**{name: repeated(getattr(lists, name)) for name in kept})
    wanted, found = (
        event_sheet(one, received_us=NOW_US, tracking_from_us=0) for one in (lists, again)
    )
    assert found[1] == wanted[1]
    assert _told(*found) == _told(*wanted)


def test_what_a_column_says_is_told_without_its_rows() -> None:
    column = repeated(["a", "b", "a"])
    assert values_of(column) == ["a", "b"]
    assert values_of(["a", "b", "a"]) == ["a", "b", "a"]
    assert column.rows_of([0]) == [0, 2]
    assert [*column.of(["x", "y"])] == ["x", "y", "x"]
