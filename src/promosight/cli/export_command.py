"""`promosight export KIND`: everything a workspace holds, streamed as CSV, NDJSON or Parquet.

CSV is for spreadsheets and makes text that would run as a formula harmless; NDJSON and Parquet are exact, and
what they hold can be imported again.
"""

from __future__ import annotations

import argparse
import csv
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import msgspec

from promosight.cli.console import Console, plural
from promosight.cli.options import add_store, add_workspace, opened, take_from_environment
from promosight.connectors.tables import columns_of, csv_row, flat, parquet_types
from promosight.errors import Invalid
from promosight.flows.checking.export_facts import KINDS, Record, Selection, records
from promosight.flows.set_up.workspaces import find_source, find_workspace
from promosight.store.engine import Store
from promosight.store.tx import Tx

FORMS = ("csv", "ndjson", "parquet")
Records = Iterator[Record]
Writer = Callable[[Records], int]
"""Writes records somewhere; returns how many."""


def add(commands: Any, environment: Mapping[str, str]) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("export", help="write facts, figures or problems to a file")
    add_store(parser)
    add_workspace(parser)
    parser.add_argument("kind", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--format", choices=FORMS, help="by the name of --out, else csv")
    parser.add_argument("--out", metavar="FILE", help="default: standard output")
    parser.add_argument("--source", metavar="NAME", help="only what this system reported")
    parser.add_argument(
        "--found", action="store_true", help="with source, outcome, match and cost of each fact"
    )
    take_from_environment(parser, environment)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Writes the records; with `--json` and no file, as {"kind", "items"}."""
    form = _form(arguments)
    with opened(arguments, console) as store:
        selection = _selection(store, arguments, console)
        with console.bar(arguments.kind, total=None, unit=" records") as bar:

            def write(tx: Tx, writer: Writer) -> int:
                return writer(_counted(records(tx, arguments.kind, selection), bar.advance))

            if arguments.out is None:
                writer = _to_stdout(arguments, form, console)
                store.read(lambda tx: write(tx, writer))
                return 0
            columns = columns_of(arguments.kind, found=arguments.found)
            with _replacing(Path(arguments.out)) as path:
                into = partial(_FILES[form], path, arguments.kind, columns)
                rows = store.read(lambda tx: write(tx, into))
    _say(arguments, console, form, rows)
    return 0


def _form(arguments: argparse.Namespace) -> str:
    suffix = Path(arguments.out or "").suffix.removeprefix(".")
    form: str = arguments.format or (suffix if suffix in FORMS else "csv")
    if form == "parquet" and arguments.out is None:
        raise Invalid("Parquet needs --out FILE")
    return form


def _selection(store: Store, arguments: argparse.Namespace, console: Console) -> Selection:
    def select(tx: Tx) -> Selection:
        workspace_no = find_workspace(tx, arguments.workspace)
        if arguments.source is not None:
            find_source(tx, workspace_no, arguments.source)
        return Selection(workspace_no, arguments.source, arguments.found, console.clock())

    return store.read(select)


def _say(arguments: argparse.Namespace, console: Console, form: str, rows: int) -> None:
    if arguments.json:
        console.answer({"kind": arguments.kind, "format": form, "rows": rows, "out": arguments.out})
    else:
        console.say(f"{plural(rows, 'record')} of {arguments.kind} in {arguments.out}")


def _counted(items: Records, tell: Callable[[int], None]) -> Records:
    for number, item in enumerate(items, start=1):
        yield item
        if number % 1_000 == 0:
            tell(1_000)


def _to_stdout(arguments: argparse.Namespace, form: str, console: Console) -> Writer:
    if arguments.json:
        return partial(_write_object, console.out, arguments.kind)
    if form == "ndjson":
        return partial(_write_lines, console.out)
    columns = columns_of(arguments.kind, found=arguments.found)
    return partial(_write_csv, console.out, arguments.kind, columns)


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its place once it is whole."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _csv_file(path: Path, kind: str, columns: dict[str, str], items: Records) -> int:
    with path.open("w", encoding="utf-8", newline="") as file:
        return _write_csv(file, kind, columns, items)


def _ndjson_file(path: Path, _kind: str, _columns: dict[str, str], items: Records) -> int:
    with path.open("w", encoding="utf-8") as file:
        return _write_lines(file, items)


def _parquet_file(path: Path, kind: str, columns: dict[str, str], items: Records) -> int:
    """By way of NDJSON, which DuckDB turns into Parquet with the types of `columns`."""
    import duckdb  # a heavy import that only this form needs

    with tempfile.TemporaryDirectory(prefix="promosight-export-", dir=path.parent) as folder:
        lines = Path(folder) / "records.ndjson"
        with lines.open("w", encoding="utf-8") as file:
            count = _write_lines(file, (flat(kind, item) for item in items))
        types = ", ".join(f"'{name}': '{t}'" for name, t in parquet_types(columns).items())
        with duckdb.connect(":memory:") as connection:
            connection.execute(
                f"COPY (SELECT * FROM read_json('{_quoted(lines)}', "
                f"format='newline_delimited', columns={{{types}}})) "
                f"TO '{_quoted(path)}' (FORMAT parquet, COMPRESSION zstd)"
            )
    return count


_FILES: dict[str, Callable[[Path, str, dict[str, str], Records], int]] = {
    "csv": _csv_file,
    "ndjson": _ndjson_file,
    "parquet": _parquet_file,
}


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _write_csv(file: TextIO, kind: str, columns: dict[str, str], items: Records) -> int:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    count = 0
    for item in items:
        writer.writerow(csv_row(flat(kind, item), columns))
        count += 1
    file.flush()
    return count


def _write_lines(file: TextIO, items: Records) -> int:
    count = 0
    for item in items:
        file.write(msgspec.json.encode(item).decode() + "\n")
        count += 1
    file.flush()
    return count


def _write_object(file: TextIO, kind: str, items: Records) -> int:
    """One JSON object, written as it comes."""
    count = 0
    file.write(f'{{"kind": "{kind}", "items": [')
    for item in items:
        file.write((",\n" if count else "\n") + msgspec.json.encode(item).decode())
        count += 1
    file.write("\n]}\n")
    file.flush()
    return count
