"""Each requirement we claim is named by a test that proves it.

A test names a requirement (`S18`, `P5`) in its function's name or docstring, so
that a search for the number finds the proof. A range such as `S1 to S4` names
its two ends only: a claim is written out.
"""

import ast
import re
from collections.abc import Iterator

from tests.tidy.tree import Function, name, parsed, python_files


def _numbered(letter: str, *numbers: int) -> list[str]:
    return [f"{letter}{number}" for number in numbers]


CLAIMED = [
    *_numbered("S", *range(1, 47)),
    *_numbered("P", *range(1, 25)),
    *_numbered("N", *range(1, 16)),
]


def _named_by_tests() -> Iterator[str]:
    """What the names and docstrings of all tests say, without the tidy tests themselves."""
    for path in python_files("tests/"):
        if not name(path).startswith("tests/tidy/"):
            for node in ast.walk(parsed(path)):
                if isinstance(node, Function) and node.name.startswith("test_"):
                    yield f"{node.name.replace('_', ' ').upper()} {ast.get_docstring(node) or ''}"


def test_a_claimed_requirement_is_named_by_a_test() -> None:
    named = {n for text in _named_by_tests() for n in re.findall(r"\b[SPN]\d+\b", text)}
    assert [one for one in CLAIMED if one not in named] == [], "no test outside tests/tidy names it"
