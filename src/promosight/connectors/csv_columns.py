"""Cells of CSV as the columns of reported events: numbers, lists and yes or no from their text.

Columns of unknown names end in `metadata` or `attributes`. A cell that is empty is absent; anything stranger stays a
text where none belongs, which puts its row in doubt, and the row is read alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from promosight.connectors.csv_rows import Table
from promosight.connectors.csv_words import words_in
from promosight.connectors.decoded import EXTRA, Columns
from promosight.connectors.elements import is_deep
from promosight.rules.aligned import Aligned
from promosight.rules.columns import AssignmentColumns, EventColumns
from promosight.rules.repeated import Repeated
from promosight.rules.sheets import says_one_thing

WORDS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
"""How people write yes and no."""
_MOST_DIGITS = 30

_FORMS: dict[str, type[EventColumns] | type[AssignmentColumns]] = {
    "redemptions": EventColumns,
    "assignments": AssignmentColumns,
}


def columns_of_cells(kind: str, header: list[str], rows: Sequence[list[str]]) -> Columns:
    """The columns of rows below a header. A row with more cells than the header is in doubt."""
    given = dict(zip(header, _turned(rows, len(header)), strict=True)) if rows else {}
    form = _FORMS[kind]
    columns: dict[str, Sequence[Any]] = {
        name: _present(given[name]) if name in given else [None] * len(rows)
        for name in form._fields
    }
    for name, read in (
        ("channels", words_in),
        ("control", _yes_or_no),
        ("max_redemptions", whole_number),
    ):
        if name in given and name in columns:
            columns[name] = _each(columns[name], lambda cell, read=read: cell and read(cell))  # type: ignore[misc]
    unknown = {name: cells for name, cells in given.items() if name and name not in columns}
    extra = EXTRA[kind]
    if unknown or extra in given:
        columns[extra] = _extra(columns[extra], unknown)
    return form(**columns)


def _turned(rows: Sequence[list[str]], width: int) -> Iterable[Sequence[str]]:
    if isinstance(rows, Table):
        return rows.columns
    if set(map(len, rows)) != {width}:
        rows = [_of_width(row, width) for row in rows]
    return zip(*rows, strict=True)


def _of_width(row: list[str], width: int) -> list[str]:
    """A row filled up with empty cells; nothing of one that is too long."""
    return row + [""] * (width - len(row)) if len(row) <= width else [""] * width


def _each(column: Sequence[Any], read: Callable[[Any], Any]) -> Sequence[Any]:
    """What each cell reads as; where a column says few different things, these alone are read."""
    if isinstance(column, Repeated):
        return column.of(map(read, column.values))
    return list(map(read, column))


def _present(cells: Sequence[str]) -> Sequence[str | None]:
    if isinstance(cells, Repeated):
        return cells.of(cell or None for cell in cells.values)
    if isinstance(cells, Aligned):
        return cells
    if says_one_thing(cells):
        return cells if cells[0] else [None] * len(cells)
    return [cell or None for cell in cells] if "" in cells else cells


def _yes_or_no(cell: str) -> bool | str:
    return WORDS.get(cell.strip().lower(), cell)


def whole_number(cell: str) -> int | str:
    """The number, or the text where it is none; one of thousands of digits is none that anybody means."""
    digits = cell.strip()
    is_number = len(digits) <= _MOST_DIGITS and digits.isascii() and digits.isdecimal()
    return int(digits) if is_number else cell


def _extra(held: Sequence[str | None], unknown: Mapping[str, Sequence[str]]) -> list[Any]:
    """What a row's JSON cell holds, and beside it the cells of unknown columns."""
    names = list(unknown)
    beside = zip(*unknown.values(), strict=True) if unknown else ((),) * len(held)
    return [
        _joined(cell, {n: c for n, c in zip(names, cells, strict=True) if c.strip() != ""})
        for cell, cells in zip(held, beside, strict=True)
    ]


def _joined(cell: str | None, more: dict[str, str]) -> Any:
    if cell is None:
        return more or None
    try:
        value = msgspec.json.decode(cell)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return cell
    if not isinstance(value, dict) or is_deep(value):
        return cell
    return value | more
