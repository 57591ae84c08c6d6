"""What does not fit the type of a field, in the words of whoever wrote it: the decoder's are those of Python.

`Expected `str | null`, got `int` - at `$.promotion_id`` is told as "must be a string, not a number" of `/promotion_id`.
Bodies, files and settings are all decoded by msgspec, and what it finds wrong is put into words here alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from promosight.rules.known_fields import pointer_to

_PATH = re.compile(r" - at `(?:key in )?\$([^`]*)`")
_WANTED = {
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a decimal number such as 5.00",
    "bool": "true or false",
    "array": "an array",
    "object": "an object",
    "datetime": "an RFC 3339 instant with an offset, such as 2026-11-23T10:15:00Z",
}
_GOT = {
    "str": "a string",
    "int": "a number",
    "float": "a number with decimals",
    "bool": "true or false",
    "array": "an array",
    "object": "an object",
    "null": "null",
}
_COUNTED = {"str": "characters", "array": "elements", "object": "fields", "bytes": "bytes"}
_BOUNDS = {"<=": "at most", ">=": "at least", "<": "less than", ">": "more than"}


class Misfit(NamedTuple):
    """What is wrong, and the JSON Pointer to where."""

    pointer: str
    detail: str


def misfit_of(error: msgspec.ValidationError) -> Misfit:
    """What a decoder found wrong, in plain words."""
    said = str(error)
    found = _PATH.search(said)
    path = found[1].split("[...]")[0] if found else ""  # where keys are free msgspec names none
    pointer = re.sub(r"[.\[]", "/", path).replace("]", "")
    text = _PATH.sub("", said)
    for form, words in _FIELDS:
        if named := form.fullmatch(text):
            return Misfit(pointer_to(pointer, named[1]), words)
    for pattern, told in _FORMS:
        if match := pattern.fullmatch(text):
            return Misfit(pointer, told(match))
    return Misfit(pointer, text.replace("`", ""))


def _typed(match: re.Match[str]) -> str:
    """`str | null`, `int`: what may be left out may be null, which says nothing to whoever wrote something else."""
    kinds = [one for one in match[1].split(" | ") if one != "null"] or ["null"]
    wanted = " or ".join(_WANTED.get(one, one) for one in kinds)
    got = _GOT.get(match[2], match[2])
    return f"must be {wanted}, not {got}"


def _sized(match: re.Match[str]) -> str:
    return f"must have {_BOUNDS[match[2]]} {match[3]} {_COUNTED[match[1]]}"


def _bounded(match: re.Match[str]) -> str:
    return f"must be {_BOUNDS[match[1]]} {match[2].removesuffix('.0')}"


_FIELDS = (
    (re.compile(r"Object missing required field `(.*)`"), "is missing"),
    (re.compile(r"Object contains unknown field `(.*)`"), "is no field here"),
)
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"Expected `([^`]*)`, got `([^`]*)`"), _typed),
    (re.compile(r"Expected `(str|array|object|bytes)` of length (<=|>=) (\d+)"), _sized),
    (re.compile(r"Expected `(?:int|float)` (<=|>=|<|>) (\S+)"), _bounded),
    (re.compile(r"(?:Integer value|Number) out of range"), lambda _: "is out of range"),
    (re.compile(r"Invalid decimal string"), lambda _: f"must be {_WANTED['decimal']}"),
    (re.compile(r"Invalid RFC3339 encoded datetime"), lambda _: f"must be {_WANTED['datetime']}"),
    (re.compile(r"Invalid enum value (.*)"), lambda match: f"cannot be {match[1]}"),
)
