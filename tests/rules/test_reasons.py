"""Reasons: each one the product gives is explained to its sender, and a marketer is told what to do about it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from promosight.rules.reasons import ADVICE, REASONS, advise, explain
from tests.tidy.tree import name, parsed, python_files

OUTCOMES = {"pending", "flagged", "rejected"}
OF_PROMOTIONS = ("rules/promotions.py", "flows/promotions/manage_promotions.py")
"""Where conflicts arise that refuse a row of a file of promotions."""

NEVER_SHOWN = {"moved", "promotion_exists", "reversed"}
"""An event on its way to its group within one transaction; what only the duplicating of a promotion can meet; and a
figure that stands beside `pending`."""


def _text(node: ast.AST | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _given() -> Iterator[str]:
    """Every reason that stands somewhere in the code: beside its outcome, in a rejection, as a conflict's code."""
    for path in python_files("src/promosight/"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else None
                called = node.func.id if isinstance(node.func, ast.Name) else called
                if called in {"Rejection", "Fault", "refuse"} and node.args:
                    yield _text(node.args[0]) or ""
                if called == "Conflict" and name(path).endswith(OF_PROMOTIONS):
                    yield from (
                        _text(one.value) or "" for one in node.keywords if one.arg == "code"
                    )
            words = node.args if isinstance(node, ast.Call) else []
            if isinstance(node, ast.Tuple) and len(node.elts) <= 3:  # longer ones name figures
                words = node.elts
            for outcome, reason in pairwise(words):
                if _text(outcome) in OUTCOMES:
                    yield _text(reason) or ""


def test_every_reason_the_code_gives_has_its_advice() -> None:
    """P10: nobody is left with a word that says nothing."""
    given = {reason for reason in _given() if reason and reason.isidentifier()}
    given -= OUTCOMES | NEVER_SHOWN
    assert len(given) > 12
    assert given <= ADVICE.keys()
    assert REASONS.keys() <= ADVICE.keys()


def test_advice_is_a_sentence_or_two_that_a_marketer_can_act_on() -> None:
    for text in ADVICE.values():
        assert 30 < len(text) < 220
        assert text[0].isupper()
        assert text.endswith(".")
        assert "_" not in text


def test_what_has_no_reason_of_its_own_has_the_advice_of_its_outcome() -> None:
    assert {advise(outcome, None) for outcome in OUTCOMES} == {
        advise(outcome, "nonsense") for outcome in OUTCOMES
    }
    assert all(advise(outcome, "") for outcome in OUTCOMES)
    assert advise("counted", None) == ""
    assert explain("nonsense") == ""
    assert explain("invalid", "is missing") == "is missing"
