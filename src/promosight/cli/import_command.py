"""`promosight import KIND FILE...`: files of any size into the store, their figures published at the end.

All files of one command are one import. Stopping it anywhere and running it again is safe.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from promosight.cli.console import Console, plural
from promosight.cli.noting import Acting
from promosight.cli.options import add_store, add_workspace, take_from_environment
from promosight.cli.options import opened as opened_store
from promosight.connectors import reading
from promosight.connectors.import_file import pieces_of
from promosight.connectors.opening import FORMS, STDIN, opened
from promosight.errors import Invalid, PromosightError
from promosight.flows.auditing.as_it_stands import the_source
from promosight.flows.imports.publish import start_import
from promosight.flows.imports.run_import import KINDS, ImportReport, RunningImport
from promosight.flows.set_up.workspaces import DEFAULT_SOURCE, create_source, find_workspace
from promosight.process import collect_rarely, compute_alone, keep_memory
from promosight.rules.instants import SECOND_US
from promosight.store.catalogue import load
from promosight.store.engine import Store

_SHOWN = 20
"""Rejected rows shown to people; all of them are kept under problems."""


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
    parser.add_argument(
        "--source",
        metavar="NAME",
        default=DEFAULT_SOURCE,
        help=f"the system that reports; made when missing ({DEFAULT_SOURCE})",
    )
    parser.add_argument("--format", choices=FORMS, help="else seen from the first bytes")
    parser.add_argument("--strict", action="store_true", help="a rejected row is a failure")
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
    seconds = (console.clock() - started_us) / SECOND_US
    if arguments.json:
        console.answer(_described(report, seconds))
    else:
        _show(console, report, seconds)
    rejected = report.outcomes["rejected"]
    if arguments.strict and rejected:
        raise Invalid(f"{plural(rejected, 'row')} rejected")
    return 0


def import_files(store: Store, console: Console, arguments: argparse.Namespace) -> ImportReport:
    """Imports files as one import; what was taken before a failure is published too."""
    for name in arguments.files:
        if name != STDIN:
            Path(name).stat()  # what is not there is said before anything is begun
    workspace_no = store.read(lambda tx: find_workspace(tx, arguments.workspace))
    source = store.change(
        lambda tx: Acting(console, "source.create", arguments.source).change(
            tx,
            workspace_no,
            the_source(workspace_no, arguments.source),
            lambda tx: create_source(
                tx, workspace_no, arguments.source, "daily", now_us=console.clock()
            ),
        )
    )
    workspace = store.read(lambda tx: load(tx, workspace_no).workspace)
    taking = reading.Reading(
        received_us=console.clock(), tracking_from_us=workspace.tracking_from_us
    )
    name_of_all = f"{arguments.kind} {' '.join(arguments.files)}"[:1000]
    running = RunningImport(
        store,
        lambda tx: start_import(
            tx,
            workspace_no,
            source.source_no,
            kind=arguments.kind,
            name=name_of_all,
            now_us=console.clock(),
        ),
        workspace_no=workspace_no,
        source_no=source.source_no,
        kind=arguments.kind,
        clock=console.clock,
    )
    try:
        for name in arguments.files:
            _take(running, console, name, taking, arguments)
    except (PromosightError, OSError, KeyboardInterrupt) as error:
        running.finish("failed", str(error) or "it was stopped")
        raise
    report = running.finish()
    said = {"outcomes": dict(sorted(report.outcomes.items())), "source": arguments.source}
    acting = Acting(console, "import.run", name_of_all)
    store.change(lambda tx: acting.done(tx, workspace_no, **said))
    return report


def _take(
    running: RunningImport,
    console: Console,
    name: str,
    taking: reading.Reading,
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


def _described(report: ImportReport, seconds: float) -> dict[str, Any]:
    return {
        "kind": report.kind,
        "rows": report.rows,
        "outcomes": dict(sorted(report.outcomes.items())),
        "reasons": {outcome: dict(counts) for outcome, counts in sorted(report.reasons.items())},
        "problems": report.problems,
        "seconds": round(seconds, 3),
    }


def _show(console: Console, report: ImportReport, seconds: float) -> None:
    rate = f"{report.rows / seconds:,.0f} a second" if seconds > 0 else "at once"
    console.say(f"{report.kind}: {plural(report.rows, 'row')} in {seconds:.1f} s ({rate})")
    for outcome, count in sorted(report.outcomes.items(), key=lambda pair: -pair[1]):
        why = report.reasons.get(outcome, Counter())
        reasons = ", ".join(f"{reason} {number:,}" for reason, number in sorted(why.items()))
        console.say(f"  {count:>12,}  {outcome}" + (f": {reasons}" if reasons else ""))
    for problem in report.problems[:_SHOWN]:
        where = f"{problem.file}, line {problem.line}"
        what = f"{problem.reason} {problem.pointer}".strip()
        console.say(f"  {where}: {what}: {problem.detail}")
    if more := report.outcomes["rejected"] - min(len(report.problems), _SHOWN):
        console.say(f"  and {plural(more, 'rejected row')} more")
    if report.outcomes.keys() & {"rejected", "pending", "flagged"}:
        console.say("All that needs a look: `promosight export problems`.")
