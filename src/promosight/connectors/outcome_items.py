"""Outcomes from a request or the rows of a file: each element becomes a fact, or a refusal that keeps it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

import msgspec

from promosight.connectors.amounts import misread
from promosight.connectors.csv_rows import StrictRows
from promosight.connectors.elements import only_object, split_array
from promosight.connectors.reading import (
    JSON,
    MAX_EVENTS,
    NDJSON,
    Reading,
    is_single,
    kept_text,
    misfit,
)
from promosight.errors import TooLarge, Unreadable, UnsupportedMedia
from promosight.flows.reporting.rejecting import Refused
from promosight.flows.reporting.take_outcomes import Given
from promosight.rules.facts import Rejection, identifier
from promosight.rules.outcomes import ReportedOutcome, outcome_from

_BOM = b"\xef\xbb\xbf"
_decoder = msgspec.json.Decoder(ReportedOutcome)
_encode = msgspec.json.Encoder(order="sorted").encode


def read_outcomes(content_type: str, body: bytes, reading: Reading) -> list[Given]:
    """An item for each element, in order. Raises Unreadable, UnsupportedMedia or TooLarge."""
    texts = _texts(content_type, body.removeprefix(_BOM))
    if len(texts) > MAX_EVENTS:
        raise TooLarge(f"more than {MAX_EVENTS} outcomes in one request")
    return [_item(text, reading) for text in texts]


def json_outcomes(lines: Iterable[bytes], reading: Reading) -> Iterator[Given]:
    """An item for each line of NDJSON that is not blank."""
    return (_item(line, reading) for line in lines if line.strip())


def csv_outcomes(lines: Iterable[str], reading: Reading) -> Iterator[Given]:
    """An item for each row below the header; columns that outcomes do not have are left out.

    Raises Unreadable where it is no CSV or its header has no `outcome_id`.
    """
    reader = StrictRows(lines)
    try:
        header = reader.header()
        if "outcome_id" not in header:
            raise Unreadable("the header row has no column outcome_id")
        for row in reader:
            if len(row) > len(header):
                why = f"has {len(row)} cells under {len(header)} columns"
                yield _refused(Rejection("invalid", "", why), _encode(row))
            elif any(row):
                cells = zip(header, row, strict=False)
                yield _item(_encode({name: cell for name, cell in cells if cell != ""}), reading)
    except csv.Error as error:
        raise Unreadable(f"line {reader.line} is not CSV: {error}") from None


def _texts(content_type: str, body: bytes) -> list[bytes]:
    if content_type == NDJSON:
        return [line for line in body.splitlines() if line.strip()]
    if content_type != JSON:
        raise UnsupportedMedia(f"send {JSON} or {NDJSON}")
    if not is_single(JSON, body):
        return split_array(body, MAX_EVENTS)
    return [only_object(body)]


def _item(text: bytes, reading: Reading) -> Given:
    try:
        reported = _decoder.decode(text)
    except msgspec.ValidationError as error:
        return _refused(misfit(error), text)
    except RecursionError:
        return _refused(Rejection("invalid", "", "is nested too deep"), text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        why = f"is not JSON: {str(error).removeprefix('JSON is malformed: ')}"
        return _refused(Rejection("invalid", "", why), text)
    if (fault := misread(text, ("value",))) is not None:
        return _refused(fault, text, reported.outcome_id)
    fact = outcome_from(
        reported, received_us=reading.received_us, tracking_from_us=reading.tracking_from_us
    )
    if isinstance(fact, Rejection):
        return _refused(fact, text, reported.outcome_id)
    return fact


def _refused(why: Rejection, text: bytes, outcome_id: str | None = None) -> Refused:
    named = identifier(outcome_id, "outcome_id")
    known = named if isinstance(named, str) else None
    return Refused(why, "outcomes", known, kept_text(text.strip()))
