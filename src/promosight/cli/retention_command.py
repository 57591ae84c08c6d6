"""`promosight retention`: for how long what names people is kept; shows it, or changes what is given."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

import msgspec

from promosight.cli.console import Console
from promosight.cli.noting import Acting
from promosight.cli.options import add_store, add_workspace, count, opened, take_from_environment
from promosight.flows.set_up.workspaces import find_workspace
from promosight.rules.keeping import Retention
from promosight.store.tx import Tx

_KINDS = {
    "refused_days": "payloads that were refused, and tests of sources",
    "answers_days": "answers to retries under an Idempotency-Key",
    "traces_days": "the words of decisions",
    "payments_days": "what shops said of payments, so that refunds find their redemptions",
    "customers_days": "identifiers of customers whose promotions have all ended",
}


def add(commands: Any, environment: Mapping[str, str]) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "retention", help="for how long what names people is kept", description="0 days: for ever."
    )
    for name, what in _KINDS.items():
        flag = "--" + name.replace("_", "-")
        parser.add_argument(flag, metavar="DAYS", type=count, help=what)
    add_store(parser)
    add_workspace(parser)
    take_from_environment(parser, environment)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Changes what is given, and shows all. A running server sees to it."""
    from promosight.flows.people.retention import (  # loads linear algebra
        retention_of,
        set_retention,
    )

    said = {name: days for name in _KINDS if (days := getattr(arguments, name)) is not None}

    def act(tx: Tx) -> Retention:
        workspace_no = find_workspace(tx, arguments.workspace)
        now = retention_of(tx, workspace_no)
        if not said:
            return now
        wanted = msgspec.structs.replace(now, **{name: days or None for name, days in said.items()})
        acting = Acting(console, "retention.change", "workspace")
        return acting.change(
            tx,
            workspace_no,
            lambda tx: msgspec.to_builtins(retention_of(tx, workspace_no)),
            lambda tx: set_retention(tx, workspace_no, wanted),
        )

    with opened(arguments, console) as store:
        found = msgspec.structs.asdict(store.change(act))
    if arguments.json:
        console.answer(found)
    else:
        for name, what in _KINDS.items():
            days = "for ever" if found[name] is None else f"{found[name]} days"
            console.say(f"{what}: {days}")
    return 0
