"""`promosight import KIND FILE...`: files of any size into the store, their figures published at the end.

All files of one command are one import. Stopping it anywhere and running it again is safe.
"""

from __future__ import annotations

import argparse
import stat
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from promosight.cli.console import Console, plural
from promosight.cli.importing import add_source, imported, told
from promosight.cli.noting import Acting
from promosight.cli.options import add_store, add_workspace, take_from_environment
from promosight.cli.options import opened as opened_store
from promosight.connectors.import_file import pieces_of
from promosight.connectors.opening import FORMS, STDIN, opened
from promosight.connectors.reading import Reading
from promosight.flows.imports.run_import import KINDS, ImportReport, RunningImport
from promosight.flows.set_up.workspaces import find_workspace
from promosight.process import collect_rarely, compute_alone, keep_memory
from promosight.rules.instants import SECOND_US
from promosight.store.engine import Store


def add(commands: Any, environment: Mapping[str, str]) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "import",
        help="read promotions, customers, assignments, redemptions or outcomes from files",
        description="CSV, NDJSON, a JSON array or Parquet; also compressed by gzip or Zstandard.",
    )
    add_store(parser)
    add_workspace(parser)
    parser.add_argument("kind", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("files", nargs="+", metavar="FILE", help="`-` is standard input")
    add_source(parser)
    parser.add_argument("--format", choices=FORMS, help="else seen from the first bytes")
    take_from_environment(parser, environment)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Imports the files and shows what became of their rows."""
    started_us = console.clock()
    compute_alone()
    collect_rarely()
    keep_memory()
    with opened_store(arguments, console) as store:
        report = import_files(store, console, arguments)
    return told(console, arguments, report, started_us)


def import_files(store: Store, console: Console, arguments: argparse.Namespace) -> ImportReport:
    """Imports files as one import."""
    sizes = [_size(name) for name in arguments.files]
    whole = None if None in sizes else sum(filter(None, sizes))

    def take(running: RunningImport, reading: Reading) -> None:
        for name in arguments.files:
            _take(running, console, name, reading, arguments)

    workspace_no = store.read(lambda tx: find_workspace(tx, arguments.workspace))
    name_of_all = f"{arguments.kind} {' '.join(arguments.files)}"[:1000]
    report = imported(store, console, workspace_no, arguments, name_of_all, take, whole)
    said = {"outcomes": dict(sorted(report.outcomes.items())), "source": arguments.source}
    acting = Acting(console, "import.run", name_of_all)
    store.change(lambda tx: acting.done(tx, workspace_no, **said))
    return report


def _size(name: str) -> int | None:
    """How long a file is, where that says anything.

    Raises OSError: what is not there is said before anything is begun.
    """
    if name == STDIN:
        return None
    found = Path(name).stat()
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def _take(
    running: RunningImport,
    console: Console,
    name: str,
    taking: Reading,
    arguments: argparse.Namespace,
) -> None:
    with (
        opened(name, console.stdin) as file,
        console.bar(file.name, total=file.total, unit="B") as bar,
    ):
        pieces = pieces_of(file, arguments.format or file.form, arguments.kind, taking)
        before, started_us = running.report.rows, console.clock()
        read_before = running.report.bytes_read
        with closing(running.take(file.name, pieces)) as taken:
            for done in taken:
                seconds = (console.clock() - started_us) / SECOND_US
                rate = f"{(done - before) / seconds:,.0f} rows/s" if seconds > 0 else ""
                running.report.bytes_read = read_before + file.bytes_read
                bar.reach(file.bytes_read, f"{plural(done, 'row')}, {rate}")
