"""`promosight archive DIR` and `promosight recount DIR`: the facts for engines that are not ours, counted anew there.

What recount finds it tells in the words of `verify`, and by the same exit codes.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promosight.cli.console import Console, plural
from promosight.cli.options import (
    add_store,
    add_workspace,
    count,
    opened,
    take_from_environment,
)
from promosight.cli.proof_commands import answer, one_or_all
from promosight.errors import Invalid
from promosight.flows.checking.recount_archive import recount_archive
from promosight.flows.checking.recount_on_spark import Cluster, recount_on_spark
from promosight.flows.checking.verify import VerifyReport
from promosight.flows.checking.write_archive import write_archive

ENGINES = ("duckdb", "spark")


def add(commands: Any, environment: Mapping[str, str]) -> None:
    """Adds both commands to the parser."""
    archiving = commands.add_parser(
        "archive", help="write facts and figures as Parquet, for other engines"
    )
    archiving.add_argument("folder", type=Path, metavar="DIR", help="to be made")
    add_store(archiving)
    archiving.add_argument("--workspace", metavar="NAME", help="only this one")
    archiving.set_defaults(run=run_archive)
    recounting = commands.add_parser(
        "recount", help="count an archive anew, here or on a Spark cluster, and compare"
    )
    recounting.add_argument(
        "folder", metavar="DIR", help="an archive; for Spark any address it reads"
    )
    add_workspace(recounting)
    _add_engines(recounting)
    add_store(recounting)  # neither is asked: what every command takes
    recounting.set_defaults(run=run_recount)
    for parser in (archiving, recounting):
        take_from_environment(parser, environment)


def _add_engines(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--engine", choices=ENGINES, default="duckdb", help="(duckdb)")
    here = parser.add_argument_group("DuckDB, on this machine")
    here.add_argument("--processes", type=count, metavar="N", help="that count (one for each core)")
    here.add_argument("--memory-mb", type=count, metavar="N", help="of all of them together (1024)")
    there = parser.add_argument_group("Spark")
    there.add_argument(
        "--spark", metavar="URL", help="spark://..., sc://..., local[2]; else as it is set up"
    )
    there.add_argument(
        "--scratch", metavar="URL", help="where Spark may leave tables meanwhile (in DIR)"
    )
    there.add_argument(
        "--spark-conf", nargs="+", default=[], metavar="KEY=VALUE", help="settings of Spark"
    )


def run_archive(arguments: argparse.Namespace, console: Console) -> int:
    """Writes one workspace, or all, to a new folder."""
    with (
        opened(arguments, console) as store,
        console.bar("facts", total=None, unit=" facts") as bar,
    ):
        chosen = one_or_all(store, arguments.workspace)
        manifest = write_archive(store, arguments.folder, chosen, now_us=console.clock(), meter=bar)
    facts = sum(one.facts for one in manifest.workspaces)
    files, size = len(manifest.files), sum(one.bytes for one in manifest.files)
    if arguments.json:
        told = {"folder": str(arguments.folder), "workspaces": len(manifest.workspaces)}
        console.answer(
            {**told, "facts": facts, "files": files, "bytes": size, "made_at": manifest.made_at}
        )
    else:
        console.say(
            f"{plural(facts, 'fact')} in {arguments.folder}: {plural(files, 'file')}, "
            f"{size:,} bytes, as of {manifest.made_at}"
        )
    return 0


def run_recount(arguments: argparse.Namespace, console: Console) -> int:
    """Counts an archive anew; 1 when anything differs."""
    with console.bar("files", total=None, unit="") as bar:
        report = _recounted(arguments, bar)
    return answer(console, report, json=arguments.json)


def _recounted(arguments: argparse.Namespace, bar: Any) -> VerifyReport:
    if arguments.engine == "duckdb":
        return recount_archive(
            Path(arguments.folder),
            workspace_id=arguments.workspace,
            processes=arguments.processes,
            memory_mb=arguments.memory_mb,
            meter=bar,
        )
    cluster = Cluster(arguments.spark, _settings(arguments.spark_conf), arguments.scratch)
    return recount_on_spark(
        _address(arguments.folder), cluster, workspace_id=arguments.workspace, meter=bar
    )


def _settings(given: list[str]) -> dict[str, str]:
    """Settings of Spark as the command line has them. Raises Invalid."""
    for one in given:
        if "=" not in one:
            raise Invalid(f"--spark-conf takes KEY=VALUE, not {one!r}")
    return dict(one.split("=", 1) for one in given)


def _address(folder: str) -> str:
    """A folder of this machine by its whole name: workers stand elsewhere."""
    return folder if "://" in folder else str(Path(folder).resolve())
