"""`promosight users`: the people who may sign in to a workspace; list, add, remove, and set a password."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from promosight.cli.console import Console
from promosight.cli.fresh_keys import fresh_hash, fresh_user
from promosight.cli.noting import Acting
from promosight.cli.options import add_store, add_workspace, opened, take_from_environment
from promosight.flows.auditing.as_it_stands import the_user
from promosight.flows.set_up.users import (
    ROLES,
    UserChange,
    add_user,
    change_user,
    describe_user,
    list_users,
    plain_email,
    remove_user,
)
from promosight.flows.set_up.workspaces import find_workspace
from promosight.rules.instants import format_instant
from promosight.store.tx import Tx

R = TypeVar("R")


def add(commands: Any, environment: Mapping[str, str]) -> None:
    """Adds the command and its four actions to the parser."""
    parser = commands.add_parser("users", help="list, add and remove the people who may sign in")
    actions = parser.add_subparsers(metavar="action", required=True)
    listing = actions.add_parser("list", help="the users there are")
    adding = actions.add_parser("add", help="a new user")
    removing = actions.add_parser("remove", help="a user goes, and is signed out everywhere")
    setting = actions.add_parser("password", help="a new password; signs the user out everywhere")
    for one in (listing, adding, removing, setting):
        add_store(one)
        add_workspace(one)
    for one in (adding, removing, setting):
        one.add_argument("email", metavar="EMAIL")
    for one in (adding, setting):
        one.add_argument("--password", metavar="P", required=True, help="at least 10 characters")
    adding.add_argument("--role", metavar="R", required=True, help="of: " + ", ".join(ROLES))
    adding.add_argument("--name", metavar="N", default="", help="(the first part of the email)")
    runs = ((listing, run_list), (adding, run_add), (removing, run_remove), (setting, run_password))
    for one, run in runs:
        take_from_environment(one, environment)
        one.set_defaults(run=run)


def run_list(arguments: argparse.Namespace, console: Console) -> int:
    """Lists the users."""

    def ask(tx: Tx) -> list[dict[str, Any]]:
        found = list_users(tx, find_workspace(tx, arguments.workspace))
        return [describe_user(user) for user in found]

    with opened(arguments, console) as store:
        users = store.read(ask)
    if arguments.json:
        console.answer({"users": users})
        return 0
    shown = ("email", "name", "role", "created_at", "last_seen_at")
    rows = [tuple(field.replace("_", " ") for field in shown)]
    rows += [tuple(user[field] or "-" for field in shown) for user in users]
    console.table(rows)
    return 0


def run_add(arguments: argparse.Namespace, console: Console) -> int:
    """Adds a user."""
    wanted = fresh_user(
        arguments.email,
        arguments.role,
        arguments.password,
        name=arguments.name,
        now_us=console.clock(),
    )
    with opened(arguments, console) as store:
        user = store.change(
            lambda tx: _noted(
                *(tx, arguments, console, "user.create"),
                lambda tx, workspace_no: add_user(tx, workspace_no, wanted),
            )
        )
    if arguments.json:
        console.answer(describe_user(user))
    else:
        console.say(f"User {user.email} may sign in, as {user.role}.")
    return 0


def run_remove(arguments: argparse.Namespace, console: Console) -> int:
    """Removes a user."""

    def act(tx: Tx) -> None:
        _noted(
            *(tx, arguments, console, "user.remove"),
            lambda tx, workspace_no: remove_user(tx, workspace_no, arguments.email),
        )

    with opened(arguments, console) as store:
        store.change(act)
    email = plain_email(arguments.email)
    if arguments.json:
        console.answer({"email": email, "removed_at": format_instant(console.clock())})
    else:
        console.say(f"User {email} is removed.")
    return 0


def _noted(
    tx: Tx,
    arguments: argparse.Namespace,
    console: Console,
    action: str,
    make: Callable[[Tx, int], R],
) -> R:
    """Changes a user of a workspace, with an entry in its log."""
    workspace_no = find_workspace(tx, arguments.workspace)
    email = plain_email(arguments.email)
    look = the_user(workspace_no, email)
    acting = Acting(console, action, email)
    return acting.change(tx, workspace_no, look, lambda tx: make(tx, workspace_no))


def run_password(arguments: argparse.Namespace, console: Console) -> int:
    """Sets a user's password, whatever it was."""
    change = UserChange(password_hash=fresh_hash(arguments.password))

    def act(tx: Tx) -> None:
        _noted(
            *(tx, arguments, console, "user.change"),
            lambda tx, workspace_no: change_user(tx, workspace_no, arguments.email, change),
        )

    with opened(arguments, console) as store:
        store.change(act)
    email = plain_email(arguments.email)
    if arguments.json:
        console.answer({"email": email, "changed_at": format_instant(console.clock())})
    else:
        console.say(f"User {email} has a new password.")
    return 0
