"""What is the same in lines of JSON that differ in what their strings and amounts say alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from promosight.rules.facts import canonical_json

LONGEST = 64
"""So many bytes may stand between two cells; they are compared in every line."""

LONGEST_NUMBER = 15
"""So many bytes may a number have that differs from line to line: as many digits every reader knows apart."""

_QUOTE = ord('"')
_STRING = re.compile(rb'"[^"]*"')
_VALUE = re.compile(rb"[ \t]*:[ \t]*")
_AMOUNT = re.compile(rb"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?=[ \t]*[,}])")
_WHOLE = re.compile(rb"(?:0|[1-9][0-9]*)(?=[ \t]*[,}])")


class Cell(NamedTuple):
    """Where a field says something of its own: behind one quote of the line, and before the next."""

    name: str
    start: int
    end: int
    opening: int
    """Which of the quotes stands before it."""
    behind: int
    """So many bytes behind that quote it begins."""
    before: int
    """So many bytes before the next quote, or the end of the line where there is none, it ends."""
    is_number: bool
    is_held: bool
    """Whether it is said in the object that one field holds."""


class Held(NamedTuple):
    """An object that a field holds, as canonical JSON."""

    name: str
    cells: Sequence[int]
    """Which cells are of it, in the order of their names."""
    pieces: Sequence[str]
    """What stands before each of them, and behind the last."""


class Form(NamedTuple):
    """What stands between the cells of a line, and what it says by no cell."""

    quotes: int
    cells: Sequence[Cell]
    names: Sequence[str | None]
    """The fields of the cells; None for what is held."""
    between: Sequence[bytes]
    """What stands before the cells, and behind the last."""
    others: Mapping[str, Any]
    """What fields say that have no cell."""
    held: Held | None


def form_of(
    line: bytes,
    decode: Callable[[bytes], Any],
    amounts: Collection[str] = (),
    holder: str | None = None,
) -> Form | None:
    """The form of a line; None where it is no object, or says more than plain values, each by a name of its own.

    `amounts` may be numbers that differ from line to line. One field, the `holder`, may hold an object of plain values.
    """
    try:
        record = decode(line)
    except (ValueError, ArithmeticError, RecursionError):
        return None
    masked = _STRING.sub(lambda found: b'"' * len(found[0]), line)
    raw = None if holder is None else getattr(record, holder, None)
    if raw is not None and bytes(raw) == b"null":
        raw = None
    braces = 1 if raw is None else 2
    if not masked.startswith(b"{") or not masked.endswith(b"}") or b"[" in masked:
        return None
    if masked.count(b"{") != braces or masked.count(b"}") != braces:
        return None
    span = range(0) if raw is None else range(masked.find(b"{", 1), masked.find(b"}"))
    if raw is not None and line[span.start : span.stop + 1] != bytes(raw):
        return None
    return _form(line, record, holder if span else None, span, amounts)


def _form(
    line: bytes, record: Any, holder: str | None, span: range, amounts: Collection[str]
) -> Form | None:
    quotes = [place for place, sign in enumerate(line) if sign == _QUOTE]
    keys = list(_keys(line, quotes))
    named = [(line[quotes[n] + 1 : quotes[n + 1]].decode(), quotes[n] in span) for n in keys]
    if len(set(named)) < len(named):
        return None
    cells = []
    for n, (name, is_held) in zip(keys, named, strict=True):
        may_differ = is_held or name in amounts
        cell = _cell(line, [*quotes, len(line)], n, name, is_held=is_held, may_differ=may_differ)
        if cell is not None:
            cells.append(cell)
    between = list(_between(line, cells))
    if not cells or max(map(len, between)) > LONGEST:
        return None
    said = {cell.name for cell in cells if not cell.is_held} | {holder}
    plain = [name for name, is_held in named if not is_held and name not in said]
    return Form(
        quotes=len(quotes),
        cells=cells,
        names=[None if cell.is_held else cell.name for cell in cells],
        between=between,
        others={name: _said(getattr(record, name, None)) for name in plain},
        held=None if holder is None else _held(holder, getattr(record, holder), cells),
    )


def _said(value: Any) -> Any:
    """What a field says that has no cell. Where an object may be held it is left as it is, and there is none."""
    return None if isinstance(value, msgspec.Raw) else value


def _keys(line: bytes, quotes: list[int]) -> Iterator[int]:
    """Which of the quotes open a name."""
    n = 0
    while n < len(quotes):
        yield n
        value = _VALUE.match(line, quotes[n + 1] + 1)
        assert value is not None, "a name without a value"
        n += 4 if line[value.end() : value.end() + 1] == b'"' else 2


def _cell(
    line: bytes, quotes: list[int], key: int, name: str, *, is_held: bool, may_differ: bool
) -> Cell | None:
    """The cell of a field: its string, or number where that may differ."""
    value = _VALUE.match(line, quotes[key + 1] + 1)
    assert value is not None
    start = value.end()
    if line[start : start + 1] == b'"':
        start, end, opening = start + 1, quotes[key + 3], key + 2
    else:
        number = (_WHOLE if is_held else _AMOUNT).match(line, start) if may_differ else None
        if number is None or len(number[0]) > LONGEST_NUMBER:
            return None
        end, opening = number.end(), key + 1
    behind, before = start - quotes[opening], quotes[opening + 1] - end
    return Cell(name, start, end, opening, behind, before, opening == key + 1, is_held)


def _held(holder: str, raw: Any, cells: Sequence[Cell]) -> Held:
    value = msgspec.json.decode(raw)
    place = {cell.name: n for n, cell in enumerate(cells) if cell.is_held}
    pieces, text, its = [], "{", []
    for n, name in enumerate(msgspec.json.decode(canonical_json(value) or "{}")):
        text += "," if n else ""
        if name not in place:
            text += _within({name: value[name]})
            continue
        its.append(place[name])
        is_number = cells[place[name]].is_number
        text += _within({name: ""})[: -2 if is_number else -1]
        pieces.append(text)
        text = "" if is_number else '"'
    return Held(holder, its, [*pieces, text + "}"])


def _within(value: dict[str, Any]) -> str:
    """An object as canonical JSON, without its braces."""
    return (canonical_json(value) or "")[1:-1]


def _between(line: bytes, cells: Sequence[Cell]) -> Iterator[bytes]:
    end = 0
    for one in cells:
        yield line[end : one.start]
        end = one.end
    yield line[end:]
