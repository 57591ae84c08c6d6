"""`promosight init`: a store, a workspace in it, and whom everything else begins with: a user and a key."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping
from typing import Any

from promosight.cli.console import Console
from promosight.cli.fresh_keys import fresh_key, fresh_password, fresh_user
from promosight.cli.noting import Acting
from promosight.cli.options import (
    add_store,
    instant,
    opened,
    take_from_environment,
    workspace_id_of,
)
from promosight.cli.serve_command import address
from promosight.config import Config
from promosight.errors import Invalid
from promosight.flows.set_up.show_set_up import describe_workspace
from promosight.flows.set_up.users import NewUser, User, add_user, user_of
from promosight.flows.set_up.workspaces import (
    NewWorkspace,
    check_settings,
    create_key,
    create_workspace,
)
from promosight.rules.instants import format_instant
from promosight.store.catalogue import Workspace
from promosight.store.tx import Tx

_EMAIL = "admin@localhost"


def add(commands: Any, environment: Mapping[str, str]) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("init", help="create a workspace, its first user and key")
    add_store(parser)
    parser.add_argument("--workspace", metavar="NAME", default="main", help="its name (main)")
    parser.add_argument("--time-zone", metavar="Z", default="UTC", help="IANA zone (UTC)")
    parser.add_argument("--currency", metavar="C", default="EUR", help="ISO 4217 code (EUR)")
    parser.add_argument(
        "--tracking-from", metavar="T", type=instant, help="RFC 3339 instant (default: now)"
    )
    parser.add_argument("--sandbox", action="store_true", help="a workspace for trying things out")
    parser.add_argument("--email", metavar="E", help=f"of the first user, an admin ({_EMAIL})")
    parser.add_argument("--password", metavar="P", help="of the first user (random)")
    take_from_environment(parser, environment)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Creates the workspace with an admin and an admin key, and shows password and key: once."""
    now_us = console.clock()
    wanted = _wanted(arguments, now_us)
    key = fresh_key("admin", ["admin"], now_us=now_us)
    password = fresh_password() if arguments.password is None else arguments.password
    admin = fresh_user(arguments.email or _EMAIL, "admin", password, now_us=now_us)

    def create(tx: Tx) -> tuple[Workspace, User]:
        workspace = create_workspace(tx, wanted)
        create_key(tx, workspace.workspace_no, key)
        if arguments.email is None:
            _name_apart(tx, admin, workspace)
        user = add_user(tx, workspace.workspace_no, admin)
        said = describe_workspace(workspace) | {"key": key.key_id, "user": user.email}
        acting = Acting(console, "workspace.create", workspace.workspace_id)
        acting.done(tx, workspace.workspace_no, **said)
        return workspace, user

    with opened(arguments, console, create=True) as store:
        workspace, user = store.change(create)
    if arguments.json:
        shown = {"key": key.secret, "user": {"email": user.email, "password": password}}
        console.answer(described(workspace) | shown)
        return 0
    console.say(f"Workspace {workspace.workspace_id}: {workspace.time_zone}, {workspace.currency},")
    console.say(f"tracking redemptions from {format_instant(workspace.tracking_from_us)}.")
    console.say("\nIts first user, an admin, and the password, shown this once:\n")
    console.say(f"    {user.email}\n    {password}\n")
    console.say("Its admin key, for programs, shown this once:\n")
    console.say(f"    {key.secret}\n")
    where = _said_of_store(arguments)
    console.say(f"Next: `promosight import promotions FILE{where}`, or `promosight serve{where}`;")
    console.say(f"then open {address(Config(url=''))} and sign in.")
    return 0


def _said_of_store(arguments: argparse.Namespace) -> str:
    """The store as the next command has to name it. A database's address may hold a password: it is not shown."""
    if arguments.database:
        return " --database URL"
    return "" if arguments.data is None else f" --data {shlex.quote(str(arguments.data))}"


def _name_apart(tx: Tx, admin: NewUser, workspace: Workspace) -> None:
    """Gives the admin whom nobody named an email of their own, where an earlier workspace has the usual one."""
    admin.email = _EMAIL
    if user_of(tx, _EMAIL) is not None:
        admin.email = f"admin@{workspace.workspace_id}.localhost"


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
    wanted = NewWorkspace(
        workspace_id=workspace_id,
        name=arguments.workspace.strip(),
        time_zone=arguments.time_zone,
        currency=arguments.currency,
        tracking_from_us=tracking_from_us,
        sandbox=arguments.sandbox,
        created_us=now_us,
    )
    check_settings(wanted)  # before there is a store
    return wanted
