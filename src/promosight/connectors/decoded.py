"""JSON of many events, decoded at once and judged column by column.

What is decoded here is a little rawer than the reported structs: amounts as they were written, without a Decimal
made of each, and `metadata` or `attributes` as bytes. Where a row is unusual or wrong it is in doubt, and the reader of
single elements decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any

import msgspec

from promosight.connectors.elements import is_deep
from promosight.connectors.json_forms import Form, form_of
from promosight.rules.columns import (
    AssignmentColumns,
    EventColumns,
    assignment_columns,
    assignment_sheet,
    event_columns,
    event_sheet,
)
from promosight.rules.facts import UNNAMED, Assignment, Event
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from promosight.rules.sheets import Sheet, says_nothing, sheet_of_nothing

Columns = EventColumns | AssignmentColumns
Judged = tuple[Sheet, set[int]]
"""Facts, and the rows in doubt, for which the reader of single elements must decide."""

EXTRA = {"redemptions": "metadata", "assignments": "attributes"}
"""The field that holds what has no field of its own."""

_FIRST, _LAST = itemgetter(0), itemgetter(-1)
_OPENING, _CLOSING = set(b"{"), set(b"}")
AMOUNTS = ("reward_value", "order_value")
_UNREAD = (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError)


def _raw_form(type_: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """A struct of the same fields, of which those that cost most to decode are left as they are."""
    rawer: dict[str, Any] = dict.fromkeys(AMOUNTS, Any) | dict.fromkeys(EXTRA.values(), msgspec.Raw)
    fields = [
        (field.encode_name, rawer.get(field.name, field.type), None)
        for field in msgspec.structs.fields(type_)
    ]
    return msgspec.defstruct(f"Raw{type_.__name__}", fields, gc=False)


_FORMS = {"redemptions": _raw_form(ReportedEvent), "assignments": _raw_form(ReportedAssignment)}
_one: dict[str, msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(form, float_hook=Decimal) for kind, form in _FORMS.items()
}
_array: dict[str, msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(list[form], float_hook=Decimal)  # type: ignore[valid-type]
    for kind, form in _FORMS.items()
}


def decode_array(kind: str, body: bytes) -> list[Any] | None:
    """The elements of a JSON array; None when they cannot be decoded together."""
    return _tried(lambda: _array[kind].decode(body))


def decode_lines(kind: str, lines: list[bytes]) -> list[Any]:
    """An element for each line; None for one that cannot be decoded."""
    text = b"\n".join(lines)
    # The decoder minds no line ends. But when every line begins and ends as an object does, no value can reach
    # over a line end; and when there are as many values as lines, none has two.
    found = _tried(lambda: _one[kind].decode_lines(text)) if are_objects(lines) else None
    return found if found is not None and len(found) == len(lines) else decode_each(kind, lines)


def are_objects(lines: list[bytes]) -> bool:
    """Whether each begins and ends as an object does."""
    try:
        return set(map(_FIRST, lines)) == _OPENING and set(map(_LAST, lines)) == _CLOSING
    except IndexError:  # an empty one
        return False


def decode_line(kind: str, line: bytes) -> Any:
    """An element. Raises ValueError, ArithmeticError or RecursionError."""
    return _one[kind].decode(line)


def form_of_line(kind: str, line: bytes) -> Form | None:
    """The form of a line that says plain values, of a redemption perhaps an object of them as metadata; else None."""
    holder = EXTRA[kind]

    def decode(text: bytes) -> Any:
        found = decode_line(kind, text)
        if kind == "assignments" and getattr(found, holder) is not None:
            raise ValueError(holder)  # it is put together with other fields
        return found

    return form_of(line, decode, AMOUNTS, holder)


def decode_each(kind: str, texts: Sequence[bytes]) -> list[Any]:
    """An element for each text, decoded alone; None for one that cannot be."""
    decode = _one[kind].decode
    found = []
    for text in texts:
        try:
            found.append(decode(text))
        except _UNREAD:
            found.append(None)
    return found


def sheet_of_decoded(
    kind: str, decoded: list[Any], *, received_us: int, tracking_from_us: int, derive: bool
) -> Judged:
    """The sheet of at most TOGETHER decoded elements, as `sheet_of_columns`."""
    sound, whole = list(range(len(decoded))), decoded
    if not all(decoded):  # nothing that is decoded is false, but None is
        sound = [row for row, one in enumerate(decoded) if one is not None]
        whole = [decoded[row] for row in sound]
    sheet, doubts = sheet_of_columns(
        _columns(kind, whole),
        received_us=received_us,
        tracking_from_us=tracking_from_us,
        derive=derive,
    )
    if whole is decoded:
        return sheet, doubts
    unread = set(range(len(decoded))) - set(sound)
    return sheet.spread(sound, len(decoded)), unread | {sound[row] for row in doubts}


def _columns(kind: str, decoded: list[Any]) -> Columns:
    columns = event_columns(decoded) if kind == "redemptions" else assignment_columns(decoded)
    raw = getattr(columns, EXTRA[kind])
    if says_nothing(raw):
        return columns
    return columns._replace(**{EXTRA[kind]: [_opened(value) for value in raw]})


def columns_of_fields(kind: str, fields: Mapping[str, Sequence[Any]], count: int) -> Columns:
    """The columns of a kind, of which those that are no fields say nothing."""
    form = EventColumns if kind == "redemptions" else AssignmentColumns
    return form(**{name: fields.get(name, [None] * count) for name in form._fields})


def sheet_of_columns(
    columns: Columns, *, received_us: int, tracking_from_us: int, derive: bool
) -> Judged:
    """The facts of at most TOGETHER rows, and which of these are in doubt.

    With `derive` an event may lack its id: it is alone then, its id empty, to be named by its content.
    """
    if not columns[0]:
        return sheet_of_nothing(
            Assignment if isinstance(columns, AssignmentColumns) else Event, 0
        ), set()
    if isinstance(columns, AssignmentColumns):
        return assignment_sheet(columns, received_us=received_us)
    unnamed = [row for row, one in enumerate(columns.event_id) if one is None] if derive else []
    if unnamed:
        columns = columns._replace(
            event_id=[UNNAMED if one is None else one for one in columns.event_id]
        )
    sheet, doubts = event_sheet(columns, received_us=received_us, tracking_from_us=tracking_from_us)
    nameless = {row: sheet[row] for row in unnamed if row not in doubts}
    for event in nameless.values():
        event.event_id = ""
    return sheet.apart(nameless), doubts


def _tried(decode: Callable[[], list[Any]]) -> list[Any] | None:
    try:
        return decode()
    except _UNREAD:
        return None


def _opened(raw: msgspec.Raw | None) -> Any:
    """The object, None for null; anything else stays raw, which puts its row in doubt."""
    if raw is None:
        return None
    try:
        value = msgspec.json.decode(raw)
    except _UNREAD:
        return raw
    return raw if value is not None and (not isinstance(value, dict) or is_deep(value)) else value
