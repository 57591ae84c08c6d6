"""`promosight verify` and `promosight rebuild`: are the figures what the facts say, and if not, make them so."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from promosight.cli.console import Console, plural
from promosight.cli.noting import Acting
from promosight.cli.options import (
    add_store,
    add_workspace,
    count,
    opened,
    take_from_environment,
)
from promosight.errors import PromosightError
from promosight.flows.checking.verify import VerifyReport, verify
from promosight.flows.ledger.ahead import Ahead, changed_ahead
from promosight.flows.ledger.rematch import rebuild_ahead, rebuild_as_found
from promosight.flows.set_up.workspaces import find_workspace
from promosight.rules.instants import SECOND_US
from promosight.store.engine import Store
from promosight.store.tx import Tx

_SHOWN = 50
"""Differences shown to people; `--json` lists up to 1,000."""


def add(commands: Any, environment: Mapping[str, str]) -> None:
    """Adds both commands to the parser."""
    for name, run, words in (
        ("verify", run_verify, "count every figure anew with a second engine, and compare"),
        ("rebuild", run_rebuild, "derive every figure anew from the facts"),
    ):
        parser = commands.add_parser(name, help=words)
        add_store(parser)
        add_workspace(parser)
        if run is run_verify:
            words = "memory of the second engine at the most (1024); less takes longer"
            parser.add_argument("--memory-mb", type=count, metavar="N", help=words)
        take_from_environment(parser, environment)
        parser.set_defaults(run=run)


def run_verify(arguments: argparse.Namespace, console: Console) -> int:
    """Verifies one workspace, or all; 1 when anything differs."""
    with opened(arguments, console) as store:
        chosen = one_or_all(store, arguments.workspace)
        with console.bar("facts", total=None, unit=" facts") as bar:
            report = verify(
                store,
                chosen,
                now_us=console.clock(),
                memory_mb=arguments.memory_mb,
                progress=bar.advance,
            )
    return answer(console, report, json=arguments.json)


def one_or_all(store: Store, workspace: str | None) -> int | None:
    """The workspace named, or None for all. Raises NotFound where there is none: nothing is in order there."""

    def find(tx: Tx) -> int | None:
        several = workspace is None and len(tx.all("workspaces")) > 1
        return None if several else find_workspace(tx, workspace)

    return store.read(find)


def answer(console: Console, report: VerifyReport, *, json: bool) -> int:
    """Tells what was found. Raises PromosightError when anything differs."""
    if json:
        console.answer({"ok": not report.different, **_described(report)})
    else:
        _show(console, report)
    if report.different:
        raise PromosightError(
            f"{plural(report.different, 'value')} differ from what the facts say; "
            "`promosight rebuild` mends them"
        )
    return 0


def _described(report: VerifyReport) -> dict[str, Any]:
    return {
        "facts": report.facts,
        "cells": report.cells,
        "events": report.events,
        "amounts": report.amounts,
        "different": report.different,
        "differences": report.differences,
        "seconds": round(report.seconds, 3),
    }


def _show(console: Console, report: VerifyReport) -> None:
    console.say(
        f"{plural(report.facts, 'fact')} counted anew in {report.seconds:.1f} s: "
        f"{plural(report.cells, 'figure')} and {plural(report.events, 'outcome')} and "
        f"{plural(report.amounts, 'number')} of usage and return compared, "
        f"{report.different:,} different"
    )
    if report.different:
        rows = [("workspace", "promotion", "where", "measure", "stored", "by the facts")]
        for one in report.differences[:_SHOWN]:
            values = (str(one.stored), str(one.computed))
            rows.append(
                (one.workspace_id, one.promotion_id or "-", one.where, one.measure, *values)
            )
        console.table(rows)
        if more := report.different - min(len(report.differences), _SHOWN):
            console.say(f"and {more:,} more")


def run_rebuild(arguments: argparse.Namespace, console: Console) -> int:
    """Rebuilds one workspace, or all, each published in one transaction: readers see before or after."""
    started_us = console.clock()
    with opened(arguments, console) as store:
        rebuilt = [
            _rebuild(store, console, workspace_no)
            for workspace_no in _chosen(store, arguments.workspace)
        ]
    groups = sum(rebuilt)
    seconds = (console.clock() - started_us) / SECOND_US
    if arguments.json:
        console.answer({"workspaces": len(rebuilt), "groups": groups, "seconds": round(seconds, 3)})
    else:
        console.say(
            f"{plural(groups, 'group')} of promotion and customer settled anew in {seconds:.1f} s"
        )
    return 0


def _chosen(store: Store, workspace: str | None) -> list[int]:
    if workspace is not None:
        return [store.read(lambda tx: find_workspace(tx, workspace))]
    return [row[0] for row in store.read(lambda tx: tx.all("workspaces"))]


def _rebuild(store: Store, console: Console, workspace_no: int) -> int:
    from promosight.flows.decisioning.learning import relearn  # heavy, and only needed here

    with console.bar("groups", total=None, unit=" groups") as bar:

        def find(snapshot: Tx) -> Ahead | None:
            bar.begin("groups")
            return rebuild_ahead(snapshot, workspace_no, progress=bar.advance)

        def act(tx: Tx, ahead: Ahead | None) -> int:
            bar.begin("groups")  # a transaction that lost a race is run again
            groups = rebuild_as_found(tx, workspace_no, ahead, progress=bar.advance)
            relearn(tx, workspace_no, now_us=console.clock())
            Acting(console, "store.rebuild", "figures").done(tx, workspace_no, groups=groups)
            return groups

        return changed_ahead(store, find, lambda ahead: store.change(lambda tx: act(tx, ahead)))
