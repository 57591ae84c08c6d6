"""`promosight keys`: list, create and revoke the keys of a workspace."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

from promosight.cli.console import Console
from promosight.cli.fresh_keys import fresh_key
from promosight.cli.noting import Acting
from promosight.cli.options import (
    add_store,
    add_workspace,
    instant,
    opened,
    take_from_environment,
)
from promosight.errors import Invalid
from promosight.flows.auditing.as_it_stands import the_key
from promosight.flows.set_up.workspaces import (
    SCOPES,
    NewKey,
    create_key,
    find_workspace,
    revoke_key,
)
from promosight.rules.instants import format_instant
from promosight.store.tx import Row, Tx

_FIELDS = ("key_id", "name", "source", "scopes", "ip_ranges")


def add(commands: Any, environment: Mapping[str, str]) -> None:
    """Adds the command and its three actions to the parser."""
    parser = commands.add_parser("keys", help="list, create and revoke keys")
    actions = parser.add_subparsers(metavar="action", required=True)
    listing = actions.add_parser("list", help="the keys there are, never their secrets")
    creating = actions.add_parser("create", help="a new key, shown once")
    revoking = actions.add_parser("revoke", help="end a key")
    for one in (listing, creating, revoking):
        add_store(one)
        add_workspace(one)
    creating.add_argument("--name", required=True, help="what it is for")
    creating.add_argument(
        "--scopes", required=True, metavar="SCOPE,...", help="of: " + ", ".join(SCOPES)
    )
    creating.add_argument("--source", metavar="NAME", help="the system it reports as")
    creating.add_argument("--expires-at", metavar="T", type=instant, help="RFC 3339 instant")
    creating.add_argument("--ip-range", metavar="CIDR", action="append", help="may be repeated")
    revoking.add_argument("key_id", metavar="KEY_ID")
    for one, run in ((listing, run_list), (creating, run_create), (revoking, run_revoke)):
        take_from_environment(one, environment)
        one.set_defaults(run=run)


def run_list(arguments: argparse.Namespace, console: Console) -> int:
    """Lists the keys."""

    def ask(tx: Tx) -> list[Row]:
        return tx.all("keys", workspace_no=find_workspace(tx, arguments.workspace))

    with opened(arguments, console) as store:
        keys = [_described(row, console.clock()) for row in store.read(ask)]
    if arguments.json:
        console.answer({"keys": keys})
        return 0
    shown = ("key_id", "name", "source", "scopes", "state", "expires_at")
    rows = [tuple(name.replace("_", " ") for name in shown)]
    rows += [tuple(_text(key[name]) for name in shown) for key in keys]
    console.table(rows)
    return 0


def run_create(arguments: argparse.Namespace, console: Console) -> int:
    """Creates a key and shows its secret: once."""
    ranges = arguments.ip_range
    key = fresh_key(
        arguments.name,
        arguments.scopes.replace(",", " ").split(),
        now_us=console.clock(),
        source=arguments.source,
        ip_ranges=ranges.split() if isinstance(ranges, str) else ranges,
        expires_us=arguments.expires_at,
    )
    for text in key.ip_ranges:
        _check_range(text)
    with opened(arguments, console) as store:
        store.change(lambda tx: _create(tx, console, find_workspace(tx, arguments.workspace), key))
    if arguments.json:
        console.answer({"key_id": key.key_id, "key": key.secret, "scopes": key.scopes})
    else:
        console.say(f"Key {key.key_id}, shown this once:\n\n    {key.secret}")
    return 0


def run_revoke(arguments: argparse.Namespace, console: Console) -> int:
    """Ends a key from this moment on."""
    now_us = console.clock()

    def act(tx: Tx) -> None:
        workspace_no = find_workspace(tx, arguments.workspace)
        Acting(console, "key.revoke", arguments.key_id).change(
            tx,
            workspace_no,
            the_key(workspace_no, arguments.key_id, now_us=now_us),
            lambda tx: revoke_key(tx, workspace_no, arguments.key_id, now_us=now_us),
        )

    with opened(arguments, console) as store:
        store.change(act)
    if arguments.json:
        console.answer({"key_id": arguments.key_id, "revoked_at": format_instant(now_us)})
    else:
        console.say(f"Key {arguments.key_id} is revoked.")
    return 0


def _create(tx: Tx, console: Console, workspace_no: int, key: NewKey) -> None:
    Acting(console, "key.create", key.key_id).change(
        tx,
        workspace_no,
        the_key(workspace_no, key.key_id, now_us=key.created_us),
        lambda tx: create_key(tx, workspace_no, key),
    )


def _check_range(text: str) -> None:
    try:
        ip_network(text)
    except ValueError as error:
        raise Invalid(f"--ip-range: {error}") from None


def _described(row: Row, now_us: int) -> dict[str, Any]:
    *named, created_us, expires_us, revoked_us = row
    key: dict[str, Any] = dict(zip(_FIELDS, named, strict=True))
    key["scopes"] = key["scopes"].split()
    key["ip_ranges"] = key["ip_ranges"].split()
    key["created_at"] = format_instant(created_us)
    key["expires_at"] = None if expires_us is None else format_instant(expires_us)
    key["revoked_at"] = None if revoked_us is None else format_instant(revoked_us)
    expired = expires_us is not None and expires_us <= now_us
    key["state"] = "revoked" if revoked_us is not None else "expired" if expired else "active"
    return key


def _text(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else "-" if value is None else str(value)
