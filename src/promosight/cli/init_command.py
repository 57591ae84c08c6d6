"""`promosight init`: a store, a workspace in it, and the key that everything else begins with."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from promosight.cli.console import Console
from promosight.cli.fresh_keys import fresh_key
from promosight.cli.options import (
    add_store,
    instant,
    opened,
    take_from_environment,
    workspace_id_of,
)
from promosight.errors import Invalid
from promosight.flows.set_up import NewWorkspace, create_key, create_workspace
from promosight.rules.instants import format_instant
from promosight.store.catalogue import Workspace
from promosight.store.tx import Tx


def add(commands: Any, environment: Mapping[str, str]) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("init", help="create a workspace and its first key")
    add_store(parser)
    parser.add_argument("--workspace", metavar="NAME", default="main", help="its name (main)")
    parser.add_argument("--time-zone", metavar="Z", default="UTC", help="IANA zone (UTC)")
    parser.add_argument("--currency", metavar="C", default="EUR", help="ISO 4217 code (EUR)")
    parser.add_argument(
        "--tracking-from", metavar="T", type=instant, help="RFC 3339 instant (default: now)"
    )
    parser.add_argument("--sandbox", action="store_true", help="a workspace for trying things out")
    take_from_environment(parser, environment)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Creates the workspace with an admin key, and shows the key: once."""
    now_us = console.clock()
    wanted = _wanted(arguments, now_us)
    key = fresh_key("admin", ["admin"], now_us=now_us)

    def create(tx: Tx) -> Workspace:
        workspace = create_workspace(tx, wanted)
        create_key(tx, workspace.workspace_no, key)
        return workspace

    with opened(arguments, console, create=True) as store:
        workspace = store.change(create)
    if arguments.json:
        console.answer(described(workspace) | {"key": key.secret})
        return 0
    console.say(f"Workspace {workspace.workspace_id}: {workspace.time_zone}, {workspace.currency},")
    console.say(f"tracking redemptions from {format_instant(workspace.tracking_from_us)}.")
    console.say("\nIts admin key, shown this once:\n")
    console.say(f"    {key.secret}\n")
    console.say("Next: `promosight import promotions FILE`, or `promosight serve`.")
    return 0


def described(workspace: Workspace) -> dict[str, Any]:
    """A workspace, by its id."""
    return {
        "workspace": workspace.workspace_id,
        "name": workspace.name,
        "time_zone": workspace.time_zone,
        "currency": workspace.currency,
        "week_start": workspace.week_start,
        "tracking_from": format_instant(workspace.tracking_from_us),
        "sandbox": bool(workspace.sandbox),
    }


def _wanted(arguments: argparse.Namespace, now_us: int) -> NewWorkspace:
    workspace_id = workspace_id_of(arguments.workspace)
    if not workspace_id or len(workspace_id) > 255:
        raise Invalid("--workspace must be a name of 1 to 255 characters")
    tracking_from_us = now_us if arguments.tracking_from is None else arguments.tracking_from
    return NewWorkspace(
        workspace_id=workspace_id,
        name=arguments.workspace.strip(),
        time_zone=arguments.time_zone,
        currency=arguments.currency,
        tracking_from_us=tracking_from_us,
        sandbox=arguments.sandbox,
        created_us=now_us,
    )
