"""`promosight simulate`: a made-up brand's files, for trying, testing and measuring. Needs no store."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from promosight.cli.console import Console, plural
from promosight.cli.options import add_store, count, instant, take_from_environment
from promosight.errors import Invalid
from promosight.rules.instants import SECOND_US
from promosight.simulate.brand import Brand
from promosight.simulate.files import FORMATS, Dataset, write
from promosight.simulate.load import Load
from promosight.simulate.settings import PRESETS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def add(commands: Any, environment: Mapping[str, str]) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "simulate",
        help="write a made-up brand's files",
        description="A brand by --preset, or a bare load of exact size by --assignments.",
    )
    add_store(parser)
    parser.add_argument("--preset", choices=PRESETS, default="demo", help="which brand (demo)")
    parser.add_argument("--seed", type=count, metavar="N", default=7, help="the same, the same (7)")
    parser.add_argument("--ends-at", type=instant, metavar="T", help="RFC 3339 instant (now)")
    parser.add_argument("--out", metavar="DIR", required=True, help="the folder to write to")
    parser.add_argument("--assignments", type=count, metavar="N", help="a load of this size")
    parser.add_argument("--redemptions", type=count, metavar="M", default=0, help="and as many")
    parser.add_argument("--format", choices=FORMATS, default="ndjson", help="(ndjson)")
    take_from_environment(parser, environment)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Writes the files and lists them."""
    ends_us = console.clock() if arguments.ends_at is None else arguments.ends_at
    ends_at = second_of(ends_us)
    folder = Path(arguments.out)
    with console.bar("records", total=None, unit=" records") as bar:

        def tell(kind: str, rows: int) -> None:
            bar.reach(rows, kind)

        files = write(_dataset(arguments, ends_at), folder, [arguments.format], progress=tell)
    if arguments.json:
        rows = {path.name: count for path, count in files.items()}
        console.answer({"out": str(folder), "files": rows})
        return 0
    for path, rows_written in files.items():
        console.say(f"{path}: {plural(rows_written, 'record')}")
    return 0


def second_of(instant_us: int) -> datetime:
    """The whole second in which an instant lies."""
    return _EPOCH + timedelta(seconds=instant_us // SECOND_US)


def _dataset(arguments: argparse.Namespace, ends_at: datetime) -> Dataset:
    if arguments.assignments is None:
        if arguments.redemptions:
            raise Invalid("--redemptions belongs to a load: give --assignments too")
        return Brand(PRESETS[arguments.preset](ends_at, arguments.seed))
    return Load(
        ends_at=ends_at,
        assignments_count=arguments.assignments,
        redemptions_count=arguments.redemptions,
        seed=arguments.seed,
    )
