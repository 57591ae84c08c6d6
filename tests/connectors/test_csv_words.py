"""Lists within one cell of CSV: what was written is what is read, whatever the words are made of."""

from __future__ import annotations

import csv
import io
import json

import pytest

from promosight.connectors.csv_words import cell_of, words_in
from promosight.connectors.definitions import read_csv
from promosight.connectors.reading import CSV, Reading, read_body
from promosight.connectors.tables import csv_row
from promosight.flows.reporting.know_customers import KnownCustomer
from promosight.rules.facts import Assignment

ODD = [
    ["a|b", "c"],
    [" a"],
    ["[x]"],
    ['["x"]'],
    ["=1+1", "b"],
    ["-5"],
    ["a,b", 'q"q'],
    ["é"],
    ["[", "]"],
]


@pytest.mark.parametrize("words", [["vip"], ["vip", "new"], *ODD])
def test_a_cell_gives_back_the_words_it_was_made_of(words: list[str]) -> None:
    """P12: what is exported and imported is the same."""
    assert words_in(cell_of(words)) == words
    (cell,) = csv_row({"segments": words}, {"segments": "list"})
    assert (words_in(cell), cell[0] in "=+-@'") == (words, False)


def test_lists_are_written_as_people_do_and_as_programs_do() -> None:
    assert cell_of(["vip", "new"]) == "vip|new"
    assert words_in(" vip | new ") == words_in('["vip", "new"]') == ["vip", "new"]
    assert words_in("[vip") == ["[vip"]
    assert words_in("[1]") == ["[1]"]
    assert words_in("[]") == []


def table(**cells: str) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([cells.keys(), cells.values()])
    return text.getvalue()


def test_files_of_customers_and_assignments_take_both() -> None:
    """P1: a JSON array in a cell was one segment, or one channel, of that name."""
    for cell in ("mail|push", '["mail","push"]'):
        known = table(customer_id="c", segments=cell).splitlines(keepends=True)
        (customer,) = read_csv("customers", known)
        assert isinstance(customer, KnownCustomer)
        assert json.loads(customer.profile or "")["segments"] == ["mail", "push"]
        when = "2026-11-03T12:00:00Z"
        told = table(promotion_id="p", customer_id="c", assigned_at=when, channels=cell)
        (assignment,) = read_body("assignments", CSV, told.encode(), Reading(2**51, 0))
        assert isinstance(assignment, Assignment)
        assert assignment.channels == ("mail", "push")
