"""`promosight backup FILE` while everything goes on, and `promosight restore FILE` into an empty store.

A backup is of one moment and of either engine: restored into the other it is a move from SQLite to PostgreSQL.
It takes its name when it is whole and on the disk, so that there is never half a one.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promosight.cli.console import Bar, Console, plural
from promosight.cli.noting import Acting
from promosight.cli.options import (
    add_store,
    instant,
    opened,
    store_url,
    take_from_environment,
)
from promosight.cli.whole_files import replacing
from promosight.connectors.backup_file import Head, Piece, Reader, Writer
from promosight.errors import Conflict, Unreadable
from promosight.flows.ledger.rematch import Progress
from promosight.flows.ledger.restoring import go_back
from promosight.rules.instants import format_instant
from promosight.store import archive, migrate
from promosight.store.database import Database, database
from promosight.store.tx import Tx


def add(commands: Any, environment: Mapping[str, str]) -> None:
    """Adds both commands to the parser."""
    backing = commands.add_parser("backup", help="write the whole store to a file, while it serves")
    restoring = commands.add_parser("restore", help="fill an empty store from a backup")
    backing.add_argument("file", type=Path, metavar="FILE", help="to be written")
    restoring.add_argument("file", type=Path, metavar="FILE", help="a backup")
    restoring.add_argument(
        "--until", metavar="T", type=instant, help="only facts received until this RFC 3339 instant"
    )
    for parser, run in ((backing, run_backup), (restoring, run_restore)):
        add_store(parser)
        take_from_environment(parser, environment)
        parser.set_defaults(run=run)


def run_backup(arguments: argparse.Namespace, console: Console) -> int:
    """Writes the store, as it is at this moment, to a file."""
    made_at = format_instant(console.clock())
    with (
        opened(arguments, console) as store,
        console.bar("rows", total=None, unit=" rows") as bar,
        replacing(arguments.file) as beside,
        beside.open("wb") as file,
    ):
        rows = store.read(lambda tx: _write(tx, file, made_at, bar))
    size = arguments.file.stat().st_size
    if arguments.json:
        console.answer(
            {"file": str(arguments.file), "rows": rows, "bytes": size, "made_at": made_at}
        )
    else:
        console.say(f"{plural(rows, 'row')} in {arguments.file}, {size:,} bytes, as of {made_at}")
    return 0


def _write(tx: Tx, file: Any, made_at: str, bar: Bar) -> int:
    writer = Writer(file, Head(made_at=made_at, schema=migrate.applied(tx)))
    for table in archive.tables(tx):
        for rows in archive.rows_of(tx, table):
            columns = list(table.columns)
            writer.add(Piece(table=table.name, columns=columns, rows=[list(row) for row in rows]))
            bar.advance(len(rows))
    return writer.end()


def run_restore(arguments: argparse.Namespace, console: Console) -> int:
    """Fills an empty store from a file; with `--until`, only with what had been received by then."""
    url, now_us = store_url(arguments, console.environment), console.clock()
    with arguments.file.open("rb") as file, console.bar("rows", total=None, unit=" rows") as bar:
        reader = Reader(file)
        store = database(url)
        migrate.migrate(store, now_us=now_us, only=reader.head.schema)
        rows = _fill(store, reader, bar)
    forgotten = 0
    with opened(arguments, console) as whole:  # which brings an older schema up to date
        if arguments.until is not None:
            with console.bar("groups", total=None, unit=" groups") as bar:
                forgotten = whole.change(
                    lambda tx: _go_back(tx, arguments.until, now_us, bar.advance)
                )
        whole.change(lambda tx: _note(tx, console, reader.head, rows, forgotten))
    told = {"rows": rows, "forgotten": forgotten, "made_at": reader.head.made_at}
    if arguments.json:
        console.answer(told)
    else:
        console.say(f"{plural(rows, 'row')} restored, as of {reader.head.made_at}")
        if arguments.until is not None:
            console.say(
                f"{plural(forgotten, 'row')} of later left out, and every figure derived anew"
            )
    return 0


def _go_back(tx: Tx, until_us: int, now_us: int, progress: Progress) -> int:
    """Leaves out what came later; figures, and what decisions learned, are those of what is left."""
    from promosight.flows.decisioning.learning import relearn  # heavy, and only needed here

    forgotten = go_back(tx, until_us, progress=progress)
    for workspace in tx.all("workspaces"):
        relearn(tx, workspace[0], now_us=now_us)
    return forgotten


def _note(tx: Tx, console: Console, head: Head, rows: int, forgotten: int) -> None:
    """Notes a restore in every workspace that came with it."""
    for workspace_no, workspace_id in (row[:2] for row in tx.all("workspaces")):
        acting = Acting(console, "store.restore", workspace_id)
        acting.done(tx, workspace_no, made_at=head.made_at, rows=rows, left_out=forgotten)


def _fill(store: Database, reader: Reader, bar: Bar) -> int:
    """All of it in one transaction: the store is as before, or whole."""
    tx = store.connect(write=True)
    try:
        store.begin(tx, write=True)
        if tx.all("workspaces"):
            raise Conflict("this store holds workspaces; restore into an empty one", code="exists")
        known = {table.name: set(table.columns) for table in archive.tables(tx)}
        rows = 0
        for piece in reader.pieces():
            if not set(piece.columns) <= known.get(piece.table, set()):
                raise Unreadable(f"the backup has a table that its schema has not: {piece.table}")
            table = archive.Table(piece.table, tuple(piece.columns))
            archive.fill(tx, table, [tuple(row) for row in piece.rows])
            bar.advance(len(piece.rows))
            rows += len(piece.rows)
        store.end(tx, commit=True)
    except Exception as error:
        told = store.give_up(error)
        if told is error:
            raise
        raise told from error
    finally:
        store.close(tx)
    return rows
