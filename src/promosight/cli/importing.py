"""What commands that import share: a source, a run whose figures are published at its end, and what is said of it."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable
from typing import Any

from promosight.cli.console import Console, plural
from promosight.cli.noting import Acting
from promosight.cli.options import Parser
from promosight.connectors.reading import Reading
from promosight.errors import Invalid, PromosightError
from promosight.flows.auditing.as_it_stands import the_source
from promosight.flows.imports.publish import start_import
from promosight.flows.imports.run_import import ImportReport, RunningImport
from promosight.flows.set_up.workspaces import DEFAULT_SOURCE, create_source
from promosight.rules.instants import SECOND_US
from promosight.store.catalogue import load
from promosight.store.engine import Store

_SHOWN = 20
"""Rejected rows shown to people; all of them are kept under problems."""

Take = Callable[[RunningImport, Reading], None]


def add_source(parser: Parser) -> None:
    """`--source` and `--strict`."""
    parser.add_argument(
        "--source",
        metavar="NAME",
        default=DEFAULT_SOURCE,
        help=f"the system that reports; made when missing ({DEFAULT_SOURCE})",
    )
    parser.add_argument("--strict", action="store_true", help="a rejected row is a failure")


def imported(
    store: Store,
    console: Console,
    workspace_no: int,
    arguments: argparse.Namespace,
    name: str,
    take: Take,
    size: int | None = None,
) -> ImportReport:
    """Imports all that `take` takes as one import; what was taken before a failure is published too.

    By its name and `size` in bytes, where that is known, an import that was stopped is known again.
    """
    source_no = _source(store, console, workspace_no, arguments.source)
    workspace = store.read(lambda tx: load(tx, workspace_no).workspace)
    reading = Reading(
        received_us=console.clock(),
        tracking_from_us=workspace.tracking_from_us,
        in_any_order=True,
    )
    running = RunningImport(
        store,
        lambda tx: start_import(
            tx,
            workspace_no,
            source_no,
            kind=arguments.kind,
            name=name,
            now_us=console.clock(),
            bytes_total=size,
        ),
        workspace_no=workspace_no,
        source_no=source_no,
        kind=arguments.kind,
        clock=console.clock,
    )
    try:
        take(running, reading)
    except (PromosightError, OSError, KeyboardInterrupt) as error:
        running.finish("failed", str(error) or "it was stopped")
        raise
    return running.finish()


def _source(store: Store, console: Console, workspace_no: int, name: str) -> int:
    acting = Acting(console, "source.create", name)
    return store.change(
        lambda tx: acting.change(
            tx,
            workspace_no,
            the_source(workspace_no, name),
            lambda tx: create_source(tx, workspace_no, name, "daily", now_us=console.clock()),
        )
    ).source_no


def told(
    console: Console, arguments: argparse.Namespace, report: ImportReport, started_us: int
) -> int:
    """Says what became of the rows; the exit code. Raises Invalid where a rejected row is a failure."""
    seconds = (console.clock() - started_us) / SECOND_US
    if arguments.json:
        console.answer(_described(report, seconds))
    else:
        _show(console, report, seconds)
    rejected = report.outcomes["rejected"]
    if arguments.strict and rejected:
        raise Invalid(f"{plural(rejected, 'row')} rejected")
    return 0


def _described(report: ImportReport, seconds: float) -> dict[str, Any]:
    return {
        "kind": report.kind,
        "rows": report.rows,
        "outcomes": dict(sorted(report.outcomes.items())),
        "taken_earlier": report.taken_earlier,
        "reasons": {outcome: dict(counts) for outcome, counts in sorted(report.reasons.items())},
        "problems": report.problems,
        "seconds": round(seconds, 3),
    }


def _show(console: Console, report: ImportReport, seconds: float) -> None:
    rate = f"{report.rows / seconds:,.0f} a second" if seconds > 0 else "at once"
    console.say(f"{report.kind}: {plural(report.rows, 'row')} in {seconds:.1f} s ({rate})")
    for outcome, count in sorted(report.outcomes.items(), key=lambda pair: -pair[1]):
        why = report.reasons.get(outcome, Counter())
        said = [f"{reason} {number:,}" for reason, number in sorted(why.items())]
        if outcome == "duplicate" and report.taken_earlier:
            said.insert(0, f"{report.taken_earlier:,} of them taken before it was stopped")
        console.say(f"  {count:>12,}  {outcome}" + (f": {', '.join(said)}" if said else ""))
    for problem in report.problems[:_SHOWN]:
        where = f"{problem.file}, line {problem.line}"
        what = f"{problem.reason} {problem.pointer}".strip()
        console.say(f"  {where}: {what}: {problem.detail}")
    if more := report.outcomes["rejected"] - min(len(report.problems), _SHOWN):
        console.say(f"  and {plural(more, 'rejected row')} more")
    if report.outcomes.keys() & {"rejected", "pending", "flagged"}:
        console.say("All that needs a look: `promosight export problems`.")
