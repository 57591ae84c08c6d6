"""Redemptions and assignments from bodies and files: each element becomes a fact, or a refusal that keeps it.

One bad element never costs its neighbours; only a body that cannot be read at all is refused whole. The readers
of lines take one at a time and hold nothing back, so that a file of any size streams through.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

from promosight.connectors.csv_rows import CsvRow, csv_rows
from promosight.connectors.elements import MAX_DEPTH, depth, split_array
from promosight.errors import TooLarge, Unreadable, UnsupportedMedia
from promosight.flows.intake import Item
from promosight.flows.rejecting import MAX_PAYLOAD, Refused
from promosight.rules.facts import (
    Assignment,
    Event,
    Rejection,
    assignment_from,
    event_from,
    identifier,
)
from promosight.rules.identity import stable_hash
from promosight.rules.reported import ReportedAssignment, ReportedEvent

Reported = ReportedEvent | ReportedAssignment
Fact = Event | Assignment
_TYPES: dict[str, type[ReportedEvent] | type[ReportedAssignment]] = {
    "redemptions": ReportedEvent,
    "assignments": ReportedAssignment,
}
_ID = {"redemptions": "event_id", "assignments": "assignment_id"}
_EXTRA = {"redemptions": "metadata", "assignments": "attributes"}
"""Where the unknown columns of a CSV file go."""

JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"
MEDIA_TYPES = (JSON, NDJSON, CSV)
MAX_EVENTS = 10_000

_BOM = b"\xef\xbb\xbf"
_PATH = re.compile(r" - at `(?:key in )?\$([^`]*)`")
_MISSING = re.compile(r"missing required field `([^`]+)`")
_WORDS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_canonical = msgspec.json.Encoder(order="sorted").encode
_one = {kind: msgspec.json.Decoder(type_) for kind, type_ in _TYPES.items()}
_many: dict[str, msgspec.json.Decoder[list[Reported]]] = {
    "redemptions": msgspec.json.Decoder(list[ReportedEvent]),
    "assignments": msgspec.json.Decoder(list[ReportedAssignment]),
}


class Reading(msgspec.Struct):
    """What judging an element alone needs: when it was received, and since when is tracked."""

    received_us: int
    tracking_from_us: int
    equal_rows: Counter[int] = msgspec.field(default_factory=Counter)
    """How often each content without an event id was seen in these files."""


def read_body(
    kind: str, content_type: str, body: bytes, reading: Reading, *, at_most: int = MAX_EVENTS
) -> list[Item]:
    """An item for each element of a request's body, in order; kind is `redemptions` or `assignments`.

    Raises Unreadable, UnsupportedMedia, or TooLarge when there are more than `at_most`.
    """
    if content_type == JSON:
        return _read_json(kind, body.removeprefix(_BOM), reading, at_most)
    if content_type == NDJSON:
        lines = body.removeprefix(_BOM).splitlines()
        found = list(islice(read_ndjson(kind, lines, reading), at_most + 1))
    elif content_type == CSV:
        text = io.StringIO(_text(body), newline="")
        found = list(islice(read_csv(kind, text, reading), at_most + 1))
    else:
        raise UnsupportedMedia("send " + ", ".join(MEDIA_TYPES))
    if len(found) > at_most:
        raise TooLarge(f"more than {at_most} events in one request")
    return found


def is_single(content_type: str, body: bytes) -> bool:
    """Whether the body is one object, which is answered by its own receipt, and not several."""
    return content_type == JSON and not body.removeprefix(_BOM).lstrip().startswith(b"[")


def read_ndjson(kind: str, lines: Iterable[bytes], reading: Reading) -> Iterator[Item]:
    """An item for each line that is not blank."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _element(kind, line, reading, line=number)


def read_csv(kind: str, lines: Iterable[str], reading: Reading) -> Iterator[Item]:
    """An item for each row below the header. Raises Unreadable when the header names no known column."""
    rows = csv_rows(lines, set(_TYPES[kind].__struct_fields__))
    header = next(rows).cells
    for row in rows:
        yield _from_row(kind, header, row, reading)


def _read_json(kind: str, body: bytes, reading: Reading, at_most: int) -> list[Item]:
    if is_single(JSON, body):
        if not body.lstrip().startswith(b"{"):
            raise Unreadable("the body is neither a JSON object nor an array")
        elements = split_array(b"[" + body + b"]", at_most)
        if len(elements) != 1:
            raise Unreadable("the body is not JSON: there is something beside the object")
        return [_element(kind, elements[0], reading)]
    try:
        reported = _many[kind].decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [_element(kind, one, reading) for one in split_array(body, at_most)]
    if len(reported) > at_most:
        raise TooLarge(f"more than {at_most} events in one request")
    facts = [_fact(one, reading) for one in reported]
    taken = [fact for fact in facts if not isinstance(fact, Rejection)]
    if len(taken) == len(facts):
        return list(taken)
    texts = split_array(body, at_most)
    return [
        _refused(kind, fact, text) if isinstance(fact, Rejection) else fact
        for fact, text in zip(facts, texts, strict=True)
    ]


def _element(kind: str, text: bytes, reading: Reading, *, line: int | None = None) -> Item:
    """One JSON object. Elements of lines may come without an event id."""
    try:
        reported = _one[kind].decode(text)
    except msgspec.ValidationError as error:
        return _refused(kind, misfit(error), text, line=line)
    except RecursionError:
        return _refused(kind, _too_deep(""), text, line=line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        why = f"is not JSON: {str(error).removeprefix('JSON is malformed: ')}"
        return _refused(kind, Rejection("invalid", "", why), text, line=line)
    fact = _fact(reported, reading, derive=line is not None)
    return _refused(kind, fact, text, line=line) if isinstance(fact, Rejection) else fact


def _from_row(kind: str, header: list[str], row: CsvRow, reading: Reading) -> Item:
    why = row.fault and f"is not CSV: {row.fault}"
    if len(row.cells) > len(header):
        why = f"has {len(row.cells)} cells under {len(header)} columns"
    if why is not None:
        kept = row.cells[0] if row.fault else _canonical(row.cells).decode()
        return Refused(
            Rejection("invalid", "", why), kind, None, kept_text(kept.encode()), row.line
        )
    cells = {n: c for n, c in zip(header, row.cells, strict=False) if n and c.strip() != ""}
    try:
        reported = msgspec.convert(_record(kind, cells), _TYPES[kind])
    except msgspec.ValidationError as error:
        return _refused(kind, misfit(error), _canonical(cells), line=row.line)
    fact = _fact(reported, reading, derive=True)
    if isinstance(fact, Rejection):
        return _refused(kind, fact, _canonical(cells), line=row.line)
    return fact


def _record(kind: str, cells: dict[str, str]) -> dict[str, Any]:
    """A row as its JSON would be: numbers, lists and yes or no from their text, unknown columns nested."""
    known = _TYPES[kind].__struct_fields__
    record: dict[str, Any] = {name: cell for name, cell in cells.items() if name in known}
    extra = {name: cell for name, cell in cells.items() if name not in known}
    if "channels" in record:
        record["channels"] = record["channels"].split("|")
    if "control" in record:
        record["control"] = _WORDS.get(record["control"].strip().lower(), record["control"])
    if record.get("max_redemptions", "").strip().isdecimal():
        record["max_redemptions"] = int(record["max_redemptions"])
    field = _EXTRA[kind]
    held = _json_cell(record[field], field) if field in record else {}
    if isinstance(held, dict):
        held = held | extra
    if held:
        record[field] = held
    return record


def _json_cell(cell: str, field: str) -> Any:
    try:
        return msgspec.json.decode(cell)
    except (msgspec.DecodeError, RecursionError):
        raise msgspec.ValidationError(f"is not JSON - at `$.{field}`") from None


def _fact(reported: Reported, reading: Reading, *, derive: bool = False) -> Fact | Rejection:
    """The fact or its Rejection; `derive` gives an event without an id one made of its content."""
    if isinstance(reported, ReportedAssignment):
        if reported.attributes and _is_deep(reported.attributes):
            return _too_deep("/attributes")
        return assignment_from(reported, received_us=reading.received_us)
    if reported.metadata and _is_deep(reported.metadata):
        return _too_deep("/metadata")
    if derive and reported.event_id is None:
        reported.event_id = _derived_id(reported, reading)
    return event_from(
        reported, received_us=reading.received_us, tracking_from_us=reading.tracking_from_us
    )


def _derived_id(reported: ReportedEvent, reading: Reading) -> str:
    said = {
        name: value for name, value in msgspec.structs.asdict(reported).items() if value is not None
    }
    content = stable_hash(_canonical(said))
    reading.equal_rows[content] += 1
    return f"row-{content:016x}-{reading.equal_rows[content]}"


def _is_deep(value: Any) -> bool:
    """Whether JSON nests deeper than MAX_DEPTH; level by level, without recursion."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _too_deep(pointer: str) -> Rejection:
    return Rejection("invalid", pointer, f"is nested deeper than {MAX_DEPTH} levels")


def misfit(error: msgspec.ValidationError) -> Rejection:
    """A type error of the decoder, with msgspec's path as the JSON Pointer of the field."""
    said = str(error)
    found = _PATH.search(said)
    path = found[1].split("[...]")[0] if found else ""  # where keys are free msgspec names none
    pointer = re.sub(r"[.\[]", "/", path).replace("]", "")
    if missing := _MISSING.search(said):
        pointer += "/" + missing.group(1)
    return Rejection("invalid", pointer, _PATH.sub("", said))


def _refused(kind: str, why: Rejection, text: bytes, *, line: int | None = None) -> Refused:
    return Refused(why, kind, _id_within(kind, text), kept_text(text.strip()), line)


def kept_text(text: bytes) -> str:
    """What is kept of a payload; as a JSON string where its nesting would trouble everybody who reads it."""
    plain = text[: 4 * MAX_PAYLOAD].decode(errors="replace")
    if depth(text) <= MAX_DEPTH:
        return plain
    return msgspec.json.encode(plain[: MAX_PAYLOAD // 2]).decode()


def _id_within(kind: str, text: bytes) -> str | None:
    """The id an element that is no fact bears, if it is one."""
    try:
        record = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    value = record.get(_ID[kind]) if isinstance(record, dict) else None
    named = identifier(value, _ID[kind]) if isinstance(value, str) else None
    return named if isinstance(named, str) else None


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"the body is not UTF-8 text: {error.reason}") from None
