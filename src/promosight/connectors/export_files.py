"""Records written as CSV, NDJSON or Parquet, in constant memory.

CSV is for spreadsheets and makes text that would run as a formula harmless; NDJSON and Parquet are exact, and what they
hold can be imported again. A Parquet file says what it is in its own metadata.
"""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

import msgspec

from promosight.connectors.export_schema import VERSION, described
from promosight.connectors.tables import Columns, Record, columns_of, csv_row, flat, parquet_types
from promosight.store.recount import as_of_system

FORMS = ("csv", "ndjson", "parquet")
MEDIA_TYPES = {
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
Records = Iterator[Record]
FileWriter = Callable[[Path, str, Columns, Records], int]


def write_csv(file: TextIO, kind: str, columns: Columns, items: Records) -> int:
    """Rows below the names of the columns; how many."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    count = 0
    for item in items:
        writer.writerow(csv_row(flat(kind, item), columns))
        count += 1
    file.flush()
    return count


def write_lines(file: TextIO, items: Records) -> int:
    """A line of JSON for each record; how many."""
    count = 0
    for item in items:
        file.write(msgspec.json.encode(item).decode() + "\n")
        count += 1
    file.flush()
    return count


def _csv_file(path: Path, kind: str, columns: Columns, items: Records) -> int:
    with path.open("w", encoding="utf-8", newline="") as file:
        return write_csv(file, kind, columns, items)


def _ndjson_file(path: Path, _kind: str, _columns: Columns, items: Records) -> int:
    with path.open("w", encoding="utf-8") as file:
        return write_lines(file, items)


def _parquet_file(path: Path, kind: str, columns: Columns, items: Records) -> int:
    """By way of NDJSON, which DuckDB turns into Parquet with the types of `columns`."""
    import duckdb  # a heavy import that only this form needs

    with tempfile.TemporaryDirectory(prefix="promosight-export-", dir=path.parent) as folder:
        lines = Path(folder) / "records.ndjson"
        with lines.open("w", encoding="utf-8") as file:
            count = write_lines(file, (flat(kind, item) for item in items))
        types = ", ".join(f"'{name}': '{t}'" for name, t in parquet_types(columns).items())
        says = json.dumps([one for one in described(kind) if one["name"] in columns])
        copying = (
            f"COPY (SELECT * FROM read_json('{_quoted(lines)}', "
            f"format='newline_delimited', columns={{{types}}})) "
            f"TO '{_quoted(path)}' (FORMAT parquet, COMPRESSION zstd, KV_METADATA {{"
            f"'promosight.kind': '{kind}', 'promosight.schema': '{VERSION}', "
            f"'promosight.columns': '{_quoted(says)}'}})"
        )
        with duckdb.connect(":memory:") as connection:
            connection.execute("SET threads = 1; SET TimeZone = 'UTC'")
            try:
                connection.execute(copying)
            except duckdb.IOException as error:
                raise as_of_system(error, path) from error
    return count


FILES: dict[str, FileWriter] = {
    "csv": _csv_file,
    "ndjson": _ndjson_file,
    "parquet": _parquet_file,
}


def write_file(path: Path, form: str, kind: str, items: Records, *, found: bool) -> int:
    """Writes records of a kind to a file; returns how many."""
    return FILES[form](path, kind, columns_of(kind, found=found), items)


def _quoted(text: Any) -> str:
    return str(text).replace("'", "''")
