"""A file to import as items: whatever its form and kind, in pieces, each item with the line it stands at.

Both doors for files, the command line and `POST /v1/imports`, read them here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import msgspec

from promosight.connectors import definitions, outcome_items, reading, told_events
from promosight.connectors.line_blocks import blocks_of_file
from promosight.connectors.opening import (
    Opened,
    array_elements,
    byte_lines,
    parquet_parts,
    text_blocks,
    text_lines,
)
from promosight.connectors.parquet_columns import ParquetRows, json_of_row
from promosight.errors import Invalid
from promosight.flows.imports.run_import import each_a_piece
from promosight.flows.reporting.intake import Piece
from promosight.flows.reporting.rejecting import Refused
from promosight.rules.columns import TOGETHER

T = TypeVar("T")

FORM_OF = {
    reading.JSON: "json",
    reading.NDJSON: "ndjson",
    reading.CSV: "csv",
    "application/vnd.apache.parquet": "parquet",
}
"""The form of a file by its content type."""


def pieces_of(file: Opened, form: str, kind: str, taking: reading.Reading) -> Iterator[Piece]:
    """The items of a file, each with its line (of a JSON array or Parquet: its number)."""
    if kind == "outcomes":
        return each_a_piece(map(_with_line, _outcomes(file, form, taking)))
    if kind not in ("assignments", "redemptions"):
        return each_a_piece(_definitions(file, form, kind))
    if form == "csv":
        # What comes through a pipe may come slowly.
        in_order = taking.in_any_order and kind == "redemptions" and file.total is not None
        return reading.csv_pieces(kind, text_blocks(file.stream), taking, in_order=in_order)
    if form == "parquet":
        return reading.parquet_pieces(kind, _parquet(file), taking)
    if form == "ndjson":
        return reading.ndjson_blocks(kind, blocks_of_file(file.stream.read1), taking)
    return reading.ndjson_pieces(kind, array_elements(file.stream), taking)


def records_of(file: Opened, form: str) -> Iterator[dict[str, Any]]:
    """What the rows of a file of events say, unjudged. Raises Unreadable."""
    if form == "csv":
        return told_events.csv_records(text_lines(file.stream))
    return told_events.json_records(_json_lines(file, form))


def _definitions(file: Opened, form: str, kind: str) -> Iterator[tuple[int, Any]]:
    if form == "csv":
        texts = _Numbered(text_lines(file.stream))
        return texts.beside(definitions.read_csv(kind, texts))
    lines = _Numbered(_json_lines(file, form))
    return lines.beside(definitions.read_ndjson(kind, lines, of_table=form == "parquet"))


def _outcomes(file: Opened, form: str, taking: reading.Reading) -> Iterator[tuple[int, Any]]:
    if form == "csv":
        texts = _Numbered(text_lines(file.stream))
        return texts.beside(outcome_items.csv_outcomes(texts, taking))
    lines = _Numbered(_json_lines(file, form))
    return lines.beside(outcome_items.json_outcomes(lines, taking))


def _with_line(numbered: tuple[int, Any]) -> tuple[int, Any]:
    """An item that was refused bears the line it stands at."""
    line, item = numbered
    return line, msgspec.structs.replace(item, line=line) if isinstance(item, Refused) else item


def _json_lines(file: Opened, form: str) -> Iterator[bytes]:
    if form == "json":
        return array_elements(file.stream)
    if form == "ndjson":
        return byte_lines(file.stream)
    return (json_of_row(part, row) for part in _parquet(file) for row in range(len(part.rows)))


def _parquet(file: Opened) -> Iterator[ParquetRows]:
    if not file.seekable:
        raise Invalid("Parquet is read from a file, uncompressed, not from a pipe")
    return parquet_parts(file, TOGETHER)


class _Numbered(Iterator[T]):
    """Lines on their way to a reader, counted, so that each item can be told its line."""

    def __init__(self, lines: Iterable[T]) -> None:
        self._lines = iter(lines)
        self._line = 0

    def __next__(self) -> T:
        line = next(self._lines)
        self._line += 1
        return line

    def beside(self, items: Iterable[Any]) -> Iterator[tuple[int, Any]]:
        """Each item with the number of the line it ended on; readers take one line at a time."""
        for item in items:
            yield self._line, item
