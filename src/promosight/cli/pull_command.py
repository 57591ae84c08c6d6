"""`promosight pull`: rows of a shop's or a warehouse's database as events, by a statement of yours.

Rows are read as the CSV file that they would be, and imported as `promosight import` imports that file. How far one
has read stands in the audit log, in the store itself: so a store that is restored knows how far it was, too.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any, cast

from promosight.cli.console import Console, plural
from promosight.cli.importing import add_source, imported, told
from promosight.cli.noting import Acting
from promosight.cli.options import add_store, add_workspace, take_from_environment
from promosight.cli.options import opened as opened_store
from promosight.connectors.import_file import pieces_of
from promosight.connectors.opening import Opened
from promosight.connectors.queried import Queried
from promosight.connectors.reading import Reading
from promosight.errors import Invalid
from promosight.flows.auditing.audit import Wanted, entries
from promosight.flows.imports.run_import import KINDS, ImportReport, RunningImport
from promosight.flows.set_up.workspaces import find_workspace
from promosight.process import collect_rarely, compute_alone, keep_memory
from promosight.rules.instants import SECOND_US
from promosight.store.elsewhere import asks_for_value, rows_elsewhere
from promosight.store.engine import Store


def add(commands: Any, environment: Mapping[str, str]) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "pull",
        help="import the rows of a query to a database",
        description="Columns are named as those of a CSV file to import (docs/pipelines.md).",
    )
    add_store(parser)
    add_workspace(parser)
    parser.add_argument(
        "--dsn",
        required=True,
        metavar="URL",
        help="postgresql://..., sqlite:///FILE, duckdb:FILE, or duckdb: for files named in the query;"
        " with a password, better as PROMOSIGHT_DSN",
    )
    parser.add_argument("--query", metavar="SELECT", help="with $1 for the value to go on from")
    parser.add_argument("--query-file", metavar="FILE", help="instead: a file that holds it")
    parser.add_argument(
        "--kind", choices=KINDS, required=True, metavar="KIND", help=", ".join(KINDS)
    )
    parser.add_argument(
        "--cursor-column",
        metavar="NAME",
        help="its highest value is remembered, and $1 the next time",
    )
    parser.add_argument("--since", metavar="VALUE", help="$1, whatever is remembered")
    parser.add_argument(
        "--name", metavar="NAME", help="under which it is remembered (kind, source, column)"
    )
    add_source(parser)
    take_from_environment(parser, environment)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Pulls, and shows what became of the rows."""
    started_us = console.clock()
    query = _query(arguments)
    if arguments.cursor_column is not None and not asks_for_value(query):
        raise Invalid(
            "--cursor-column is for a query that asks for what is new: "
            f"... WHERE {arguments.cursor_column} >= $1"
        )
    compute_alone()
    collect_rarely()
    keep_memory()
    with opened_store(arguments, console) as store:
        report = _pulled(store, console, arguments, query)
    return told(console, arguments, report, started_us)


def _query(arguments: argparse.Namespace) -> str:
    if (arguments.query is None) == (arguments.query_file is None):
        raise Invalid("say what to ask for: either --query or --query-file")
    return str(arguments.query or Path(arguments.query_file).read_text())


def _pulled(
    store: Store, console: Console, arguments: argparse.Namespace, query: str
) -> ImportReport:
    workspace_no = store.read(lambda tx: find_workspace(tx, arguments.workspace))
    target = _target(arguments)
    since = _since(store, workspace_no, arguments, target, query)
    with _opened(arguments, query, since) as (file, rows):

        def take(running: RunningImport, reading: Reading) -> None:
            _take(running, console, file, reading)

        report = imported(store, console, workspace_no, arguments, target, take)
    said = {"outcomes": dict(sorted(report.outcomes.items())), "source": arguments.source}
    # Only now: what was not published is asked for again, and known by its identity.
    reached = since if rows.highest is None else rows.highest
    acting = Acting(console, "pull.run", target)
    store.change(lambda tx: acting.done(tx, workspace_no, **said, cursor=reached))
    return report


def _target(arguments: argparse.Namespace) -> str:
    column = f" by {arguments.cursor_column}" if arguments.cursor_column else ""
    name = arguments.name or f"{arguments.kind} of {arguments.source}{column}"
    return f"pull: {name}"[:1000]


def _since(
    store: Store, workspace_no: int, arguments: argparse.Namespace, target: str, query: str
) -> str | None:
    """The value to go on from: as said, as remembered, or none where the query asks for none. Raises Invalid."""
    if not asks_for_value(query):
        return None
    if arguments.since is not None:
        return str(arguments.since)
    found, _ = store.read(lambda tx: entries(tx, workspace_no, Wanted(target=target), limit=1))
    remembered = found[0].after.get("cursor") if found and arguments.cursor_column else None
    if remembered is None:
        raise Invalid("the query has $1 and nothing is remembered: say where to begin with --since")
    return str(remembered)


@contextmanager
def _opened(
    arguments: argparse.Namespace, query: str, since: str | None
) -> Iterator[tuple[Opened, Queried]]:
    with rows_elsewhere(arguments.dsn, query, since) as found:
        rows = Queried(found, arguments.kind, arguments.cursor_column)
        yield Opened("query", cast(IO[bytes], rows), None), rows


def _take(running: RunningImport, console: Console, file: Opened, reading: Reading) -> None:
    kind = running.report.kind
    started_us = console.clock()
    with console.bar("query", total=None, unit=" rows") as bar:
        pieces = pieces_of(file, "csv", kind, reading)
        with closing(running.take(file.name, pieces)) as taken:
            for done in taken:
                running.report.bytes_read = file.bytes_read
                seconds = (console.clock() - started_us) / SECOND_US
                rate = f"{done / seconds:,.0f} rows/s" if seconds > 0 else ""
                bar.reach(done, f"{plural(done, 'row')}, {rate}")
