"""Redemptions and assignments from bodies and files: each element becomes a fact, or a refusal that keeps it.

Many are decoded and judged at once; what is unusual among them is looked at alone, by the functions below. One
bad element never costs its neighbours; only a body that cannot be read at all is refused whole. Files are read in
pieces of so many lines, so that one of any size streams through.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from promosight.connectors.amounts import is_suspect, misread, misread_of
from promosight.connectors.csv_blocks import Blocks
from promosight.connectors.csv_columns import WORDS, columns_of_cells, whole_number
from promosight.connectors.csv_rows import CsvPart, check_spelling, csv_parts
from promosight.connectors.csv_words import words_in
from promosight.connectors.decoded import (
    EXTRA,
    Columns,
    Judged,
    are_objects,
    columns_of_fields,
    decode_array,
    decode_each,
    decode_lines,
    form_of_line,
    sheet_of_columns,
    sheet_of_decoded,
)
from promosight.connectors.elements import MAX_DEPTH, depth, is_deep, only_object, split_array
from promosight.connectors.line_blocks import blocks_of_body, lines_of_array, lines_of_file
from promosight.connectors.parquet_columns import ParquetRows, columns_of_parquet, json_of_fact
from promosight.errors import TooLarge, Unreadable, UnsupportedMedia
from promosight.flows.reporting.intake import Item, Piece
from promosight.flows.reporting.rejecting import MAX_PAYLOAD, Refused
from promosight.rules.columns import TOGETHER
from promosight.rules.counting import MANY
from promosight.rules.facts import (
    UNNAMED,
    Assignment,
    Event,
    Rejection,
    assignment_from,
    content_of,
    event_from,
    identifier,
    name_by_content,
)
from promosight.rules.misfits import misfit_of
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from promosight.rules.sheets import Sheet, joined, sheet_of_nothing

if TYPE_CHECKING:
    from promosight.connectors.json_cells import Block

S = TypeVar("S", bound=Sequence[Any])
Reported = ReportedEvent | ReportedAssignment
Fact = Event | Assignment
_TYPES: dict[str, type[ReportedEvent] | type[ReportedAssignment]] = {
    "redemptions": ReportedEvent,
    "assignments": ReportedAssignment,
}
_FACTS: dict[str, type[Event] | type[Assignment]] = {
    "redemptions": Event,
    "assignments": Assignment,
}
_ID = {"redemptions": "event_id", "assignments": "assignment_id"}

JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"
MEDIA_TYPES = (JSON, NDJSON, CSV)
MAX_EVENTS = 10_000

_BOM = b"\xef\xbb\xbf"
_PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
"""What no text begins with, and gzip and zstd do; who forgot to say so would be refused line by line."""
_canonical = msgspec.json.Encoder(order="sorted").encode
_one = {kind: msgspec.json.Decoder(type_) for kind, type_ in _TYPES.items()}
_SPACE = b" \t\r\n"


class Laborious(Exception):
    """More has to be read row by row than there was leave for; nothing was done with what was read."""


class Reading(msgspec.Struct):
    """What judging an element alone needs: when it was received, and since when is tracked."""

    received_us: int
    tracking_from_us: int
    equal_rows: dict[int, int] = msgspec.field(default_factory=dict)
    """How often each content without an event id was seen in these files."""
    in_any_order: bool = False
    """Whether rows of a file may be taken in another order than theirs, where that is cheaper."""
    leave: int | None = None
    """How many rows may yet be read alone, which costs many times what it costs together; None for any number."""

    def go_alone(self, rows: int) -> None:
        """So many are about to be read alone. Raises Laborious."""
        if self.leave is None:
            return
        self.leave -= rows
        if self.leave < 0:
            raise Laborious


_WORTH = 1 << 16
"""Fewer bytes of JSON are decoded: what is done once for a block is little beside thousands of lines."""


def read_body(
    kind: str, content_type: str, body: bytes, reading: Reading, *, at_most: int = MAX_EVENTS
) -> Sequence[Item]:
    """An item for each element of a request's body, in order; kind is `redemptions` or `assignments`.

    Many are a sheet.

    Raises Unreadable, UnsupportedMedia, or TooLarge when there are more than `at_most`; Laborious as `reading` says.
    """
    if body.startswith(_PACKED):
        name = "gzip" if body.startswith(_PACKED[0]) else "zstd"
        raise Unreadable(f"the body is {name}; send it with Content-Encoding: {name}")
    if content_type == JSON:
        return _read_json(kind, body.removeprefix(_BOM), reading, at_most)
    if content_type == NDJSON:
        blocks = blocks_of_body(body.removeprefix(_BOM))
        pieces = ndjson_blocks(kind, blocks, reading, split=bytes.splitlines)
    elif content_type == CSV:
        _check_text(body)
        pieces = csv_pieces(kind, Blocks(io.BytesIO(body).read), reading)
    else:
        raise UnsupportedMedia("send " + ", ".join(MEDIA_TYPES))
    found: list[Sequence[Item]] = []
    total = 0
    for piece in pieces:
        found.append(piece.items)
        total += len(piece.items)
        if total > at_most:
            raise TooLarge(f"more than {at_most} events in one request")
    return _gathered(found)


def is_single(content_type: str, body: bytes) -> bool:
    """Whether the body is one object, which is answered by its own receipt, and not several."""
    return content_type == JSON and not body.removeprefix(_BOM).lstrip().startswith(b"[")


def read_ndjson(kind: str, lines: Iterable[bytes], reading: Reading) -> Iterator[Item]:
    """An item for each line that is not blank."""
    pieces = ndjson_pieces(kind, lines, reading)
    return chain.from_iterable(piece.items for piece in pieces)


def ndjson_pieces(
    kind: str, lines: Iterable[bytes], reading: Reading, first: int = 1
) -> Iterator[Piece]:
    """The items of lines that are not blank, in small pieces."""
    remaining = iter(lines)
    while taken := list(islice(remaining, TOGETHER)):
        numbers: Sequence[int] = range(first, first + len(taken))
        first += len(taken)
        if not are_objects(taken):
            taken = [line.strip(_SPACE) for line in taken]
            said = [(n, line) for n, line in zip(numbers, taken, strict=True) if line.strip()]
            numbers, taken = [n for n, _ in said], [line for _, line in said]
        yield Piece(numbers, _of_lines(kind, numbers, taken, reading))


def ndjson_blocks(
    kind: str,
    blocks: Iterable[bytes],
    reading: Reading,
    *,
    split: Callable[[bytes], list[bytes]] = lines_of_file,
    worth: int = _WORTH,
) -> Iterator[Piece]:
    """The items of lines that come in blocks of whole lines: of a block at once, or else of its lines."""
    first = 1
    for text in blocks:
        lines: Sequence[bytes]
        block = _block(kind, text) if len(text) >= worth else None
        if block is not None:
            lines = block.lines
            numbers = range(first, first + len(lines))
            yield Piece(numbers, _of_block(kind, numbers, block, reading))
        else:
            lines = split(text)
            yield from ndjson_pieces(kind, lines, reading, first)
        first += len(lines)


def csv_pieces(
    kind: str, lines: Iterable[str], reading: Reading, *, in_order: bool = False
) -> Iterator[Piece]:
    """The items of rows below the header. Raises Unreadable when the header names no known column.

    `in_order`: redemptions may come in the order of their promotions.
    """
    fields = set(_TYPES[kind].__struct_fields__)
    header, parts = csv_parts(lines, fields, TOGETHER, in_order=in_order)
    for part in parts:
        yield Piece(part.lines, _of_rows(kind, header, part, reading))


def parquet_pieces(kind: str, parts: Iterable[ParquetRows], reading: Reading) -> Iterator[Piece]:
    """The items of the rows of a Parquet file, counted from 1. Raises Unreadable for a field that is misspelled."""
    first, fields = 1, set(_TYPES[kind].__struct_fields__)
    for part in parts:
        check_spelling([name for name, _ in part.columns], fields)
        numbers = range(first, first + len(part.rows))
        first += len(part.rows)
        yield Piece(numbers, _of_parquet(kind, numbers, part, reading))


def _of_lines(kind: str, numbers: Sequence[int], lines: list[bytes], reading: Reading) -> Sheet:
    judged = sheet_of_decoded(
        kind,
        decode_lines(kind, lines),
        received_us=reading.received_us,
        tracking_from_us=reading.tracking_from_us,
        derive=True,
    )
    return _named(
        _completed(
            judged, reading, lambda row: _element(kind, lines[row], reading, line=numbers[row])
        ),
        reading,
    )


def _block(kind: str, text: bytes) -> Block | None:
    from promosight.connectors.json_cells import block_of_lines  # loads numpy

    return block_of_lines(
        text, _TYPES[kind].__struct_fields__, lambda line: form_of_line(kind, line)
    )


def _of_block(kind: str, numbers: Sequence[int], block: Block, reading: Reading) -> Sheet:
    def alone(row: int) -> Item:
        return _element(kind, block.lines[row], reading, line=numbers[row])

    return _of_columns(columns_of_fields(kind, block.columns, len(block.lines)), reading, alone)


def _of_rows(kind: str, header: list[str], part: CsvPart, reading: Reading) -> Sheet:
    def alone(row: int) -> Item:
        return _from_row(kind, header, part, row, reading)

    return _of_columns(columns_of_cells(kind, header, part.rows), reading, alone)


def _of_parquet(kind: str, numbers: Sequence[int], part: ParquetRows, reading: Reading) -> Sheet:
    def alone(row: int) -> Item:
        return _element(kind, json_of_fact(kind, part, row), reading, line=numbers[row])

    columns = columns_of_parquet(kind, part)
    if columns is None:  # a column of a type that no field has
        rows = range(len(part.rows))
        nothing: Judged = sheet_of_nothing(_FACTS[kind], len(rows)), set(rows)
        return _named(_completed(nothing, reading, alone), reading)
    return _of_columns(columns, reading, alone)


def _of_columns(columns: Columns, reading: Reading, alone: Callable[[int], Item]) -> Sheet:
    """The sheet of columns; `alone` judges a row that is in doubt."""
    judged = sheet_of_columns(
        columns,
        received_us=reading.received_us,
        tracking_from_us=reading.tracking_from_us,
        derive=True,
    )
    return _named(_completed(judged, reading, alone), reading)


def _read_json(kind: str, body: bytes, reading: Reading, at_most: int) -> Sequence[Item]:
    if is_single(JSON, body):
        return [_single(kind, body, reading)]
    if len(body) >= _WORTH and (block := _block(kind, lines_of_array(body))) is not None:
        if len(block.lines) > at_most:
            raise TooLarge(f"more than {at_most} events in one request")
        return _of_array(kind, block, reading)
    decoded = decode_array(kind, body)
    texts: list[bytes] = []
    if decoded is None:
        reading.go_alone(MAX_EVENTS)
        texts = split_array(body, at_most)
        decoded = decode_each(kind, texts)
    if len(decoded) > at_most:
        raise TooLarge(f"more than {at_most} events in one request")

    def alone(row: int) -> Item:
        if not texts:
            texts.extend(split_array(body, at_most))
        return _element(kind, texts[row], reading)

    found: list[Sheet] = []
    for start in range(0, len(decoded), TOGETHER):
        judged = sheet_of_decoded(
            kind,
            decoded[start : start + TOGETHER],
            received_us=reading.received_us,
            tracking_from_us=reading.tracking_from_us,
            derive=False,
        )
        found.append(_completed(judged, reading, lambda row, first=start: alone(first + row)))  # type: ignore[misc]
    return _gathered(found)


def _of_array(kind: str, block: Block, reading: Reading) -> Sequence[Item]:
    """The items of an array: an event of it needs an id, and no line is told of what is refused."""
    judged = sheet_of_columns(
        columns_of_fields(kind, block.columns, len(block.lines)),
        received_us=reading.received_us,
        tracking_from_us=reading.tracking_from_us,
        derive=False,
    )
    sheet = _completed(judged, reading, lambda row: _element(kind, block.lines[row], reading))
    return _gathered([sheet])


def _gathered(parts: Sequence[Sequence[Item]]) -> Sequence[Item]:
    """Many items as one sheet; few as they are."""
    sheets = [part for part in parts if isinstance(part, Sheet)]
    if len(sheets) < len(parts) or sum(map(len, sheets)) < MANY:
        return list(chain.from_iterable(parts))
    return joined(sheets)


def _single(kind: str, body: bytes, reading: Reading) -> Item:
    try:
        fact = None if is_suspect(body) else fact_of(_one[kind].decode(body), reading)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        fact = None
    if fact is not None and not isinstance(fact, Rejection):
        return fact
    return _element(kind, only_object(body), reading)


def plain_fact(kind: str, body: bytes, *, received_us: int, tracking_from_us: int) -> Fact | None:
    """The one fact that a JSON body is; None where anything about it is to be looked at more closely."""
    if not body.startswith(b"{") or is_suspect(body):
        return None
    try:
        reported = _one[kind].decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    fact = fact_of(reported, Reading(received_us, tracking_from_us))
    return None if isinstance(fact, Rejection) else fact


def _completed(judged: Judged, reading: Reading, alone: Callable[[int], Item]) -> Sheet:
    """The facts, and instead of those in doubt what each becomes alone."""
    sheet, doubts = judged
    reading.go_alone(len(doubts))
    return sheet.apart({row: alone(row) for row in sorted(doubts)})


def _named(items: S, reading: Reading) -> S:
    """Events that came without an id get one made of their content and of how often it was seen."""
    found: Iterable[Item] = items
    if isinstance(items, Sheet):  # those in columns have one
        found = [items.alone[row] for row in sorted(items.alone)]
    for item in found:
        if isinstance(item, Event) and not item.event_id:
            content = content_of(item)
            ordinal = reading.equal_rows.get(content, 0) + 1
            reading.equal_rows[content] = ordinal
            name_by_content(item, content, ordinal)
    return items


def _element(kind: str, text: bytes, reading: Reading, *, line: int | None = None) -> Item:
    """One JSON object. Elements of lines may come without an event id, which is empty then."""
    try:
        reported = _one[kind].decode(text)
    except msgspec.ValidationError as error:
        return _refused(kind, misfit(error), text, line=line)
    except RecursionError:
        return _refused(kind, _too_deep(""), text, line=line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        why = f"is not JSON: {str(error).removeprefix('JSON is malformed: ')}"
        return _refused(kind, Rejection("invalid", "", why), text, line=line)
    if (fault := misread(text)) is not None:
        return _refused(kind, fault, text, line=line)
    fact = fact_of(reported, reading, derive=line is not None)
    return _refused(kind, fact, text, line=line) if isinstance(fact, Rejection) else fact


def _from_row(kind: str, header: list[str], part: CsvPart, row: int, reading: Reading) -> Item:
    line, cells = part.lines[row], part.rows[row]
    if (fault := part.faults.get(row)) is not None:
        why = Rejection("invalid", "", f"is not CSV: {fault}")
        return Refused(why, kind, None, kept_text(cells[0].encode()), line)
    if len(cells) > len(header):
        why = Rejection("invalid", "", f"has {len(cells)} cells under {len(header)} columns")
        return Refused(why, kind, None, kept_text(_canonical(cells)), line)
    said = {n: c for n, c in zip(header, cells, strict=False) if n and c.strip() != ""}
    if (wrong := misread_of(said)) is not None:
        return _refused(kind, wrong, _canonical(said), line=line)
    try:
        reported = msgspec.convert(_record(kind, said), _TYPES[kind])
    except msgspec.ValidationError as error:
        return _refused(kind, misfit(error), _canonical(said), line=line)
    fact = fact_of(reported, reading, derive=True)
    if isinstance(fact, Rejection):
        return _refused(kind, fact, _canonical(said), line=line)
    return fact


def _record(kind: str, cells: dict[str, str]) -> dict[str, Any]:
    """A row as its JSON would be: numbers, lists and yes or no from their text, unknown columns nested."""
    known = _TYPES[kind].__struct_fields__
    record: dict[str, Any] = {name: cell for name, cell in cells.items() if name in known}
    extra = {name: cell for name, cell in cells.items() if name not in known}
    if "channels" in record:
        record["channels"] = words_in(record["channels"])
    if "control" in record:
        record["control"] = WORDS.get(record["control"].strip().lower(), record["control"])
    if "max_redemptions" in record:
        record["max_redemptions"] = whole_number(record["max_redemptions"])
    field = EXTRA[kind]
    held = _json_cell(record[field], field) if field in record else {}
    if isinstance(held, dict):
        held = held | extra
    if held or field in record:
        record[field] = held
    return record


def _json_cell(cell: str, field: str) -> Any:
    try:
        return msgspec.json.decode(cell)
    except (msgspec.DecodeError, RecursionError):
        raise msgspec.ValidationError(f"is not JSON - at `$.{field}`") from None


def fact_of(reported: Reported, reading: Reading, *, derive: bool = False) -> Fact | Rejection:
    """The fact or its Rejection; with `derive` an event may lack its id, and has an empty one then."""
    if isinstance(reported, ReportedAssignment):
        if reported.attributes and is_deep(reported.attributes):
            return _too_deep("/attributes")
        return assignment_from(reported, received_us=reading.received_us)
    if reported.metadata and is_deep(reported.metadata):
        return _too_deep("/metadata")
    unnamed = derive and reported.event_id is None
    if unnamed:
        reported.event_id = UNNAMED
    fact = event_from(
        reported, received_us=reading.received_us, tracking_from_us=reading.tracking_from_us
    )
    if unnamed and isinstance(fact, Event):
        fact.event_id = ""
    return fact


def _too_deep(pointer: str) -> Rejection:
    return Rejection("invalid", pointer, f"is nested deeper than {MAX_DEPTH} levels")


def misfit(error: msgspec.ValidationError) -> Rejection:
    """A type error of the decoder, as why an element is refused."""
    return Rejection("invalid", *misfit_of(error))


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


def _check_text(body: bytes) -> None:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(f"the body is not UTF-8 text: {error.reason}") from None
