"""How a problem is named: its form, its source, and its reference within those; one text for callers."""

from __future__ import annotations

from typing import Any, NamedTuple

_NUMBERS = {"assignment": 4, "rejection": 1}
"""Of how many numbers the reference of a form is made; that of an event is its id."""


class Key(NamedTuple):
    """What tells a problem from all others: its form, its source, and its own reference within those."""

    form: str
    source_no: int
    reference: tuple[Any, ...]

    @property
    def problem_id(self) -> str:
        """The key as callers see it."""
        return "/".join(map(str, (self.form, self.source_no, *self.reference)))


def key_of(problem_id: str) -> Key:
    """The key that a caller names. Raises ValueError where it is none."""
    form, source, rest = problem_id.split("/", 2)
    if form == "event":
        return Key(form, _number(source), (rest,))
    reference = tuple(map(_number, rest.split("/")))
    if len(reference) != _NUMBERS.get(form):
        raise ValueError("is no problem")
    return Key(form, _number(source), reference)


def _number(text: str) -> int:
    number = int(text)
    if not 0 <= number < 2**63:
        raise ValueError("is no number of the store")
    return number
