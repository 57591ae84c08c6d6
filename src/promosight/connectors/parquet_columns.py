"""Rows of a Parquet file, as DuckDB gives them, as the columns of reported events.

A column of a type its field may have is taken as it is: an instant as microseconds, an amount as a number or text.
For any other type the rows are written as the JSON objects they stand for, and read like those. Columns of unknown
names end in `metadata` or `attributes`, as those of CSV do, though as what they are: numbers stay numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from promosight.connectors.decoded import EXTRA, Columns
from promosight.connectors.elements import is_deep
from promosight.rules.columns import AssignmentColumns, EventColumns
from promosight.rules.instants import format_instant

INSTANT = "TIMESTAMP WITH TIME ZONE"
"""Values of this type come as microseconds since 1970, see `selected`."""

_NESTED = ("metadata", "attributes", "properties", "tiers", "limits", "reward", "figures")
"""Fields that hold JSON also where the file calls them text."""

_FORMS: dict[str, type[EventColumns] | type[AssignmentColumns]] = {
    "redemptions": EventColumns,
    "assignments": AssignmentColumns,
}
_UNREAD = (msgspec.DecodeError, ValueError, RecursionError)
_INSTANTS = ("redeemed_at", "assigned_at", "expires_at")
_AMOUNTS = ("reward_value", "order_value")
_COUNT = "max_redemptions"
_WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT"} | {
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
}
_FLOATING = ("DOUBLE", "FLOAT")
_TEXTS = ("code", "fallback_code", "name", "occurrence", "promo_code", "reverses", "segment")
"""Fields of text beside those called `..._id`."""


class ParquetRows(NamedTuple):
    """Some rows and the name and DuckDB's type of each column."""

    columns: Sequence[tuple[str, str]]
    rows: list[tuple[Any, ...]]


def selected(name: str, kind: str) -> str:
    """What to select so that a column's values come as they are read here."""
    quoted = _quoted(name)
    if (
        kind in _FLOATING and meant(name, kind) != kind
    ):  # tools that know no empty number write NaN for it
        return f"CASE WHEN NOT isnan({quoted}) THEN {quoted}::VARCHAR END"
    if meant(name, kind) != kind:
        return f"{quoted}::VARCHAR"
    # An instant comes as a number: DuckDB would need another package to make a datetime of it. A decimal comes as
    # the text that JSON would have for it.
    if kind == INSTANT:
        return f"epoch_us({quoted})"
    if INSTANT in kind:  # within lists and the like, where no field has instants
        return f"to_json({quoted})::VARCHAR" if name in _NESTED else f"{quoted}::VARCHAR"
    return f"{quoted}::VARCHAR" if kind.startswith("DECIMAL") else quoted


def meant(name: str, kind: str) -> str:
    """The type a column is read as: numbers that a tool made of ids and codes are the text they are written with.

    So are amounts of floating point: the shortest text that is the same number, which is what was meant.
    """
    is_text = name.endswith("_id") or name in _TEXTS
    if (is_text and kind in _WHOLE) or (name in _AMOUNTS and kind in _FLOATING):
        return "VARCHAR"
    return kind


def size_of(columns: Sequence[tuple[str, str]]) -> str:
    """What to select for the size of a row's text; numbers and instants are small."""
    return " + ".join(["0", *(_size(_quoted(name), kind) for name, kind in columns)])


def _size(column: str, kind: str) -> str:
    if kind in ("VARCHAR", "JSON"):
        return f"coalesce(strlen({column}), 0)"
    if kind == "BLOB":
        return f"coalesce(octet_length({column}), 0)"
    if kind == "VARCHAR[]":
        return f"coalesce(list_sum(list_transform({column}, lambda one: strlen(one))), 0)"
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return f"coalesce(strlen({column}::VARCHAR), 0)"
    return "0"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def json_of_row(part: ParquetRows, row: int) -> bytes:
    """A row as the JSON object it stands for."""
    return msgspec.json.encode(_record(part.columns, part.rows[row]))


def json_of_fact(kind: str, part: ParquetRows, row: int) -> bytes:
    """A row as the JSON of a redemption or assignment: what has no field of its own lies in the one that holds such."""
    known, holder = _FORMS[kind]._fields, EXTRA[kind]
    record = _record(part.columns, part.rows[row])
    more = _telling({name: record.pop(name) for name in [*record] if name not in known})
    held = record.get(holder)
    if isinstance(held, msgspec.Raw):
        held = msgspec.json.decode(held)
    if more and (held is None or isinstance(held, dict)):
        record[holder] = (held or {}) | more
    return msgspec.json.encode(record)


def _record(columns: Sequence[tuple[str, str]], row: Sequence[Any]) -> dict[str, Any]:
    return {
        name: _said(name, kind, value)
        for (name, kind), value in zip(columns, row, strict=True)
        if value is not None
    }


def _said(name: str, kind: str, value: Any) -> Any:
    """What a cell says, as JSON does."""
    if kind == INSTANT:
        return _instant(value)
    if kind in _FLOATING and name == _COUNT:
        return _count(value)
    if kind == "BLOB":
        value = _spelled(value)
    return _json(value) if kind == "JSON" or (name in _NESTED and isinstance(value, str)) else value


def _count(value: float | None) -> float | str | None:
    """A whole number of a column that a tool keeps as floating point, because some of it is empty."""
    if value is None or math.isnan(value):
        return None
    if math.isinf(value):  # JSON has no word for it, and would say nothing
        return str(value)
    return int(value) if value.is_integer() else value


def _spelled(value: bytes) -> str | bytes:
    """The text that bytes are, of a file that does not say which of its columns are text; other bytes as they are."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _instant(value: int) -> str | int:
    """The instant as it is written, or the number where no calendar has it."""
    try:
        return format_instant(value)
    except OverflowError:
        return value


def _json(text: str) -> msgspec.Raw | str:
    """The JSON in a cell; a text that is none stays a text, or it would be mistaken for other fields of its row."""
    try:
        msgspec.json.decode(text)
    except _UNREAD:
        return text
    return msgspec.Raw(text.encode())


def columns_of_parquet(kind: str, part: ParquetRows) -> Columns | None:
    """The columns of rows; None when one is of a type its field cannot have."""
    given = dict(zip(part.columns, zip(*part.rows, strict=True), strict=True)) if part.rows else {}
    form = _FORMS[kind]
    columns: dict[str, Sequence[Any]] = {n: [None] * len(part.rows) for n in form._fields}
    for (name, kept_as), cells in given.items():
        if name in columns:
            type_, values = _told(kept_as, cells)
            read = _reader(name, type_, EXTRA[kind])
            if read is None:
                return None
            columns[name] = read(values)
    unknown = [column for column in given.items() if column[0][0] not in columns]
    if unknown:
        names = [column for column, _ in unknown]
        beside = zip(*(values for _, values in unknown), strict=True)
        held = columns[EXTRA[kind]]
        columns[EXTRA[kind]] = [
            _joined(one, _record(names, row)) for one, row in zip(held, beside, strict=True)
        ]
    return form(**columns)


def _telling(cells: dict[str, Any]) -> dict[str, Any]:
    """Those that have a name and say something."""
    return {
        name: value
        for name, value in cells.items()
        if name and not (isinstance(value, str) and not value.strip())
    }


def _joined(held: Any, beside: dict[str, Any]) -> Any:
    """What a row's object holds, and beside it the cells of unknown columns; a text where that is a matter of doubt."""
    more = _telling(beside)
    if not more or not (held is None or isinstance(held, dict)):
        return held
    text = msgspec.json.encode((held or {}) | more)
    return _object(text.decode())


def _told(type_: str, values: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """A column with its type: as text where its bytes are."""
    if type_ != "BLOB":
        return type_, values
    spelled = [None if one is None else _spelled(one) for one in values]
    is_text = not any(isinstance(one, bytes) for one in spelled)
    return ("VARCHAR", spelled) if is_text else (type_, values)


def _reader(name: str, kind: str, extra: str) -> Callable[[Sequence[Any]], Sequence[Any]] | None:
    """How to read a column, if its type is one that its field may have."""
    if name == extra:
        return _objects if kind in ("JSON", "VARCHAR") else None
    if name in _AMOUNTS:
        return _as_it_is if kind in _WHOLE | {"VARCHAR"} or kind.startswith("DECIMAL") else None
    if name == _COUNT:
        return _as_it_is if kind in _WHOLE else _counts if kind in _FLOATING else None
    fitting = {"control": "BOOLEAN", "channels": "VARCHAR[]"}.get(name, "VARCHAR")
    if kind == fitting or (name in _INSTANTS and kind == INSTANT):
        return _as_it_is
    return None


def _as_it_is(values: Sequence[Any]) -> Sequence[Any]:
    return values


def _counts(values: Sequence[float | None]) -> list[float | str | None]:
    return [*map(_count, values)]


def _objects(values: Sequence[str | None]) -> list[Any]:
    return [None if value is None else _object(value) for value in values]


def _object(text: str) -> Any:
    """The object, None for null; the text itself where it is anything else, which puts its row in doubt."""
    try:
        value = msgspec.json.decode(text)
    except _UNREAD:
        return text
    return text if value is not None and (not isinstance(value, dict) or is_deep(value)) else value
