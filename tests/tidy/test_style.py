"""Small functions, small files, honest names, a paragraph at the top of each module.

The tail is the taste: the medians of good projects hardly differ, their longest
functions do. So the limits are on the longest, and the medians are only shown.
"""

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tidy.tree import Function, files, functions, name, parsed, python_files, wrong_in

LONGEST_FUNCTION = 60
LONGEST_FILE = 500
SHORTEST_OPENING = 8  # words
VAGUE = {"util", "utils", "helper", "helpers", "manager", "managers", "common", "base"}
PYTHON = python_files()
SOURCE = [path for path in files() if path.suffix in {".py", ".sql"} or path in PYTHON]


def length(function: Function) -> int:
    """Lines of a function from its `def`, less its docstring: explaining more is never a fault."""
    total = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        total -= (first.end_lineno or first.lineno) - first.lineno + 1
    return total


def line_count(path: Path) -> int:
    """Lines of a file."""
    return len(path.read_text(encoding="utf-8").splitlines())


def words(identifier: str) -> set[str]:
    """The words of a snake_case or CamelCase name, in lower case."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", identifier)}


def _vague_names(path: Path) -> Iterator[str]:
    for part in Path(name(path)).parts:
        if words(part.split(".")[0]) & VAGUE:
            yield part
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ClassDef) and words(node.name) & VAGUE:
            yield f"class {node.name}, line {node.lineno}"


def _long_functions(path: Path) -> Iterator[str]:
    for one in functions(path):
        if length(one) > LONGEST_FUNCTION:
            yield f"{one.name}: {length(one)} lines"


def test_functions_are_short() -> None:
    assert not wrong_in(PYTHON, _long_functions)


def test_files_are_short() -> None:
    long = [name(path) for path in SOURCE if line_count(path) > LONGEST_FILE]
    assert not long, "each does more than one thing"


def test_names_say_something() -> None:
    vague = wrong_in(PYTHON, _vague_names)
    assert not vague, f"name it for what it does, not one of {sorted(VAGUE)}"


def test_every_module_opens_with_a_paragraph() -> None:
    openings = {name(path): ast.get_docstring(parsed(path)) or "" for path in PYTHON}
    short = [one for one, said in openings.items() if len(said.split()) < SHORTEST_OPENING]
    assert not short, "what are these modules for?"


def test_the_medians_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Figures to look at, not a limit: half of all functions and files are at most this long."""
    product = python_files("src/")
    lengths = [length(function) for path in product for function in functions(path)] or [0]
    sizes = [line_count(path) for path in product]
    with capsys.disabled():
        print(
            f"\nsrc: {len(sizes)} files, median {statistics.median(sizes):g}, "
            f"longest {max(sizes)} lines; {len(lengths)} functions, "
            f"median {statistics.median(lengths):g}, longest {max(lengths)} lines"
        )
