"""The receipts of thousands, kept as the few they are, are a receipt for each item."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from promosight.flows.reporting.answers import Answers
from promosight.flows.reporting.intake import Receipt, outcomes_of, rows_with
from promosight.flows.reporting.plain import brief_receipt

RECEIPTS = st.one_of(
    st.sampled_from([brief_receipt("counted", None), brief_receipt("counted", "late")]),
    st.builds(Receipt, st.just("e-1"), st.sampled_from(["excess", "pending"])),
)


@given(st.lists(st.none() | RECEIPTS, min_size=1, max_size=12), st.data())
def test_each_item_hears_its_own(meant: list[Any], data: Any) -> None:
    answers = Answers(len(meant))
    for row, receipt in enumerate(meant):
        if receipt is not None:
            answers[row] = receipt
    assert [*answers] == meant
    assert [answers[row] for row in range(len(meant))] == meant
    missing = [row for row, receipt in enumerate(meant) if receipt is None]
    assert answers.unanswered() == missing
    rows = np.arange(len(meant))
    assert answers.are_given(rows).tolist() == [receipt is not None for receipt in meant]
    answers.put_alike(missing, brief_receipt("unassigned", None))
    whole = [receipt or brief_receipt("unassigned", None) for receipt in meant]
    given_rows = data.draw(st.permutations(range(len(meant))))
    again = answers.like(np.array(given_rows), lambda one: brief_receipt("duplicate", one.reason))
    assert [*again] == [brief_receipt("duplicate", whole[row].reason) for row in given_rows]
    every = answers.all()
    assert [*every] == whole
    assert outcomes_of(every) == Counter(one.outcome for one in whole)
    assert rows_with(every, _is_counted) == rows_with(whole, _is_counted)
    part = data.draw(st.slices(len(meant)))
    assert outcomes_of(every[part]) == outcomes_of(whole[part])
    answers.put(np.array(given_rows), again)
    assert {one.outcome for one in answers.all()} == {"duplicate"}


def _is_counted(receipt: Receipt) -> bool:
    return receipt.outcome == "counted"
