"""What is the same in lines of JSON that differ in what their strings say alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

LONGEST = 64
"""So many bytes may stand between two strings; they are compared in every line."""

_STRING = re.compile(rb'"([^"]*)"([ \t]*:)?')


class Form(NamedTuple):
    """What stands between the strings of a line, and what it says by no string."""

    quotes: int
    names: list[str]
    """The fields that say a string."""
    opening: list[int]
    """Which of the quotes opens each string."""
    between: list[bytes]
    """What stands before the strings, each up to its quote, and behind the last."""
    others: Mapping[str, Any]
    """What fields say that say no string."""


def form_of(line: bytes, decode: Callable[[bytes], Any]) -> Form | None:
    """The form of a line; None where it is no object, or says more than plain values, each by a name of its own."""
    try:
        record = decode(line)
    except (ValueError, ArithmeticError, RecursionError):
        return None
    bare = _STRING.sub(rb"\2", line)
    if not line.startswith(b"{") or not line.endswith(b"}") or bare.count(b"{") > 1 or b"[" in bare:
        return None
    strings = list(_STRING.finditer(line))
    keys = [one[1].decode() for one in strings if one[2]]
    values = [number for number, one in enumerate(strings) if not one[2]]
    between = list(_between(line, [strings[number] for number in values]))
    if len(set(keys)) < len(keys) or not values or max(map(len, between)) > LONGEST:
        return None
    names = [strings[number - 1][1].decode() for number in values]
    others = {name: getattr(record, name, None) for name in keys if name not in names}
    return Form(2 * len(strings), names, [2 * number for number in values], between, others)


def _between(line: bytes, strings: list[re.Match[bytes]]) -> Iterator[bytes]:
    end = 0
    for one in strings:
        yield line[end : one.start() + 1]
        end = one.end() - 1
    yield line[end:]
