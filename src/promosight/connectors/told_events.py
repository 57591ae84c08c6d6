"""What a source says it told, row by row, in the form of a report: JSON, NDJSON or CSV; in a request or a file.

Unlike a report nothing is judged here but what is compared: a row may lack its customer or its promotion, and other
columns are left out. A row that cannot be read is an error of the whole, for nothing could be said of the rest.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from promosight.connectors.amounts import misread_of
from promosight.connectors.csv_rows import StrictRows
from promosight.connectors.elements import split_array
from promosight.connectors.reading import CSV, JSON, MAX_EVENTS, NDJSON, is_single, misfit
from promosight.errors import Invalid, TooLarge, Unreadable, UnsupportedMedia
from promosight.rules.facts import Rejection
from promosight.rules.reconciling import Told, ToldRow, told_from

_BOM = b"\xef\xbb\xbf"
_decode = msgspec.json.Decoder().decode


def read_told(content_type: str, body: bytes, currency: str) -> list[Told]:
    """The events of a request's body. Raises Unreadable, UnsupportedMedia, TooLarge, or Invalid naming the row."""
    found = []
    for index, record in enumerate(_records(content_type, body.removeprefix(_BOM))):
        if index >= MAX_EVENTS:
            raise TooLarge(f"more than {MAX_EVENTS} events in one request: compare fewer buckets")
        told = told_of(record, currency)
        if isinstance(told, Rejection):
            raise Invalid(told.detail, pointer=f"/{index}{told.pointer}")
        found.append(told)
    return found


def told_of(record: Any, currency: str) -> Told | Rejection:
    """A row as what it tells, or what is wrong with it."""
    if not isinstance(record, dict):
        return Rejection("invalid", "", "must be an object")
    if (wrong := misread_of(record)) is not None:
        return wrong
    try:
        return told_from(msgspec.convert(record, ToldRow), currency)
    except msgspec.ValidationError as error:
        return misfit(error)


def csv_records(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    """The rows below a header; an empty cell tells nothing. Raises Unreadable."""
    rows = StrictRows(lines)
    try:
        header = rows.header()
        if "event_id" not in header:
            raise Unreadable("the header row has no column event_id")
        for row in rows:
            if len(row) > len(header):
                raise Unreadable(f"line {rows.line} has more cells than the header has columns")
            cells = zip(header, row, strict=False)
            if any(row):
                yield {name: cell for name, cell in cells if cell.strip() != ""}
    except csv.Error as error:
        raise Unreadable(f"line {rows.line} is not CSV: {error}") from None


def json_records(lines: Iterable[bytes]) -> Iterator[Any]:
    """What lines of JSON say, without the blank ones. Raises Unreadable."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield _decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise Unreadable(f"line {number} is not JSON: {error}") from None


def _records(content_type: str, body: bytes) -> Iterator[Any]:
    if content_type == NDJSON:
        return json_records(body.splitlines())
    if content_type == JSON:
        return json_records([body] if is_single(JSON, body) else split_array(body, MAX_EVENTS))
    if content_type == CSV:
        try:
            return csv_records(io.StringIO(body.decode("utf-8-sig"), newline=""))
        except UnicodeDecodeError as error:
            raise Unreadable(f"the body is not UTF-8 text: {error.reason}") from None
    raise UnsupportedMedia(f"send {JSON}, {NDJSON} or {CSV}")
