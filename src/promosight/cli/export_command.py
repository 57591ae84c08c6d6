"""`promosight export KIND`: everything a workspace holds, streamed as CSV, NDJSON or Parquet.

CSV is for spreadsheets and makes text that would run as a formula harmless; NDJSON and Parquet are exact, and
what they hold can be imported again.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import msgspec

from promosight.cli.console import STANDARD_OUTPUT, Console, plural
from promosight.cli.options import (
    add_store,
    add_workspace,
    instant,
    opened,
    take_from_environment,
)
from promosight.cli.whole_files import replacing
from promosight.connectors.export_files import FILES, FORMS, Records, write_csv, write_lines
from promosight.connectors.tables import columns_of
from promosight.errors import Invalid, naming
from promosight.flows.checking.export_facts import KINDS, records
from promosight.flows.checking.export_more import Selection
from promosight.flows.figures.bars import STATUSES
from promosight.flows.set_up.workspaces import find_source, find_workspace
from promosight.store.engine import Store
from promosight.store.tx import Tx

Writer = Callable[[Records], int]
"""Writes records somewhere; returns how many."""


def add(commands: Any, environment: Mapping[str, str]) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "export", help="write facts, figures, audiences or problems to a file"
    )
    add_store(parser)
    add_workspace(parser)
    parser.add_argument("kind", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--format", choices=FORMS, help="by the name of --out, else csv")
    parser.add_argument("--out", metavar="FILE", help="default: standard output")
    parser.add_argument("--source", metavar="NAME", help="only what this system reported")
    parser.add_argument(
        "--found", action="store_true", help="with source, outcome, match and cost of each fact"
    )
    parser.add_argument(
        "--promotion", metavar="ID", help="only this promotion's; of an audience which"
    )
    parser.add_argument("--status", choices=STATUSES, help="of an audience: who, default assigned")
    parser.add_argument(
        "--as-of", type=instant, metavar="INSTANT", help="figures as they were known at a moment"
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
                items = _begun(records(tx, arguments.kind, selection))
                return writer(_counted(items, bar.advance))

            if arguments.out is None:
                writer = _to_stdout(arguments, form, console)
                with naming(STANDARD_OUTPUT):
                    store.read(lambda tx: write(tx, writer))
                return 0
            columns = columns_of(arguments.kind, found=arguments.found)
            with replacing(Path(arguments.out)) as path:
                into = partial(FILES[form], path, arguments.kind, columns)
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
        return Selection(
            *(workspace_no, arguments.source, arguments.found, console.clock()),
            promotion_id=arguments.promotion,
            status=arguments.status,
            as_of_us=arguments.as_of,
        )

    return store.read(select)


def _say(arguments: argparse.Namespace, console: Console, form: str, rows: int) -> None:
    if arguments.json:
        console.answer({"kind": arguments.kind, "format": form, "rows": rows, "out": arguments.out})
    else:
        console.say(f"{plural(rows, 'record')} of {arguments.kind} in {arguments.out}")


def _begun(items: Records) -> Records:
    """The same records, once the first is there: what cannot be exported fails before anything is written."""
    rest = iter(items)
    first = list(islice(rest, 1))
    return chain(first, rest)


def _counted(items: Records, tell: Callable[[int], None]) -> Records:
    for number, item in enumerate(items, start=1):
        yield item
        if number % 1_000 == 0:
            tell(1_000)


def _to_stdout(arguments: argparse.Namespace, form: str, console: Console) -> Writer:
    if arguments.json:
        return partial(_write_object, console, arguments.kind)
    if form == "ndjson":
        return partial(write_lines, console.out)
    columns = columns_of(arguments.kind, found=arguments.found)
    return partial(write_csv, console.out, arguments.kind, columns)


def _write_object(console: Console, kind: str, items: Records) -> int:
    """One JSON object, written as it comes."""
    file, count = console.out, 0
    console.answered = True
    file.write(f'{{"kind": "{kind}", "items": [')
    for item in items:
        file.write((",\n" if count else "\n") + msgspec.json.encode(item).decode())
        count += 1
    file.write("\n]}\n")
    file.flush()
    return count
