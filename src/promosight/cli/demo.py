"""`promosight demo`: a running server with a believable brand in it, in one command.

The first run makes the world, later ones find it again. While it serves, redemptions keep coming in.
"""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from promosight.cli import demo_world, serve_command
from promosight.cli.console import Console
from promosight.cli.decision_feed import Desk
from promosight.cli.demo_calls import Caller
from promosight.cli.demo_users import EMAIL, PASSWORD, is_loopback, settle_users
from promosight.cli.fresh_keys import fresh_key
from promosight.cli.live_feed import Till
from promosight.cli.options import add_store, count, opened, store_url, take_from_environment
from promosight.config import Config
from promosight.flows.set_up.workspaces import create_key, digest_of
from promosight.rules.instants import SECOND_US
from promosight.simulate.settings import World
from promosight.store.catalogue import Workspace
from promosight.store.engine import Store
from promosight.store.tx import Tx

DEFAULT_DATA = "./promosight-demo"
_KEYS_FILE = "demo-keys.json"


class Keys(msgspec.Struct):
    """The demo's keys, kept so that a second run can show the same."""

    admin: str
    checkout: str


def add(commands: Any, environment: Mapping[str, str]) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser("demo", help="a running server with a made-up brand in it")
    add_store(parser, default=DEFAULT_DATA)
    serve_command.add_address(parser)
    parser.add_argument("--no-serve", action="store_true", help="make the world, then stop")
    parser.add_argument("--seed", type=count, metavar="N", default=7, help="another world (7)")
    take_from_environment(parser, environment)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Makes or finds the world, says how to look at it, and serves it."""
    started_us = console.clock()
    if not is_loopback(arguments.host):
        console.note(
            f"Warning: the demo's passwords are public: whoever reaches {arguments.host} can sign in."
        )
    if not arguments.json:
        console.note("Preparing the demo (the first time takes a few seconds) ...")
    with opened(arguments, console, create=True) as store:
        workspace, world = demo_world.settled(store, console, seed=arguments.seed)
        keys = _keys(store, workspace, _keys_file(arguments, console), console.clock())
        settle_users(store, workspace, now_us=console.clock())
    config = _config(arguments, console)
    url = serve_command.address(config)
    seconds = round((console.clock() - started_us) / SECOND_US, 1)
    if arguments.json:
        described = {"workspace": workspace.workspace_id, "key": keys.admin, "url": url}
        user = {"email": EMAIL, "password": PASSWORD}
        console.answer(described | {"user": user, "seconds": seconds})
    else:
        _greet(console, url, keys.admin, seconds)
    if arguments.no_serve:
        return 0
    with _live(url, keys, world):
        return serve_command.serve(config)


def _config(arguments: argparse.Namespace, console: Console) -> Config:
    if not arguments.no_serve:
        return serve_command.config_of(arguments, console)
    return Config(
        url=store_url(arguments, console.environment), host=arguments.host, port=arguments.port
    )


def _keys_file(arguments: argparse.Namespace, console: Console) -> Path | None:
    url = store_url(arguments, console.environment)
    if not url.startswith("sqlite:///"):
        return None  # a database is not a folder: its keys are made anew
    return Path(url.removeprefix("sqlite:///")).parent / _KEYS_FILE


def _keys(store: Store, workspace: Workspace, file: Path | None, now_us: int) -> Keys:
    kept = _kept(store, file)
    if kept is not None:
        return kept
    admin = fresh_key("demo", ["admin"], now_us=now_us)
    scopes = ["redemptions:write", "assignments:write"]
    checkout = fresh_key("demo checkout", scopes, now_us=now_us, source="checkout")

    def create(tx: Tx) -> None:
        for key in (admin, checkout):
            create_key(tx, workspace.workspace_no, key)

    store.change(create)
    keys = Keys(admin.secret, checkout.secret)
    if file is not None:
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(msgspec.json.encode(keys))
    return keys


def _kept(store: Store, file: Path | None) -> Keys | None:
    """The keys of an earlier run, while they are good."""
    if file is None or not file.exists():
        return None
    try:
        keys = msgspec.json.decode(file.read_bytes(), type=Keys)
    except msgspec.DecodeError:
        return None

    def good(tx: Tx) -> bool:
        digests = (digest_of(secret) for secret in (keys.admin, keys.checkout))
        rows = [tx.one("key_by_digest", secret_digest=digest) for digest in digests]
        return all(row is not None and row[-1] is None for row in rows)

    return keys if store.read(good) else None


@contextlib.contextmanager
def _live(url: str, keys: Keys, world: World) -> Iterator[None]:
    till, brand = Caller(url, keys.checkout), Caller(url, keys.admin)
    at_work = (
        Till(till, world, now=_now, random=Random()),
        Desk(brand, till, world, now=_now, random=Random()),
    )
    for one in at_work:
        one.start()
    try:
        yield
    finally:
        for one in at_work:
            one.stop()


def _now() -> datetime:
    return datetime.now(UTC)


def _greet(console: Console, url: str, key: str, seconds: float) -> None:
    console.say(
        f"""
Open {url} and sign in as {EMAIL}, password {PASSWORD}
(or as admin@, developer@, viewer@demo.example). Ready in {seconds} s; API docs at {url}/docs. For programs:

    export KEY={key}

    # every promotion with its redemption rate
    curl -s {url}/v1/promotions -H "Authorization: Bearer $KEY"

    # which tiers are taken up most
    curl -s "{url}/v1/promotions/SPEND-AND-SAVE/breakdown?by=tier" -H "Authorization: Bearer $KEY"

    # report a redemption and see what became of it
    curl -s {url}/v1/redemptions -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" \\
      -d '{{"event_id": "try-1", "promotion_id": "SPRING20", "customer_id": "c-000001", \
"redeemed_at": "'$(date -u +%Y-%m-%dT%H:%M:%SZ)'"}}'

    # what waits, is flagged or was refused, and why
    curl -s "{url}/v1/problems?limit=5" -H "Authorization: Bearer $KEY"

Redemptions keep arriving, about one a second. Stop with Ctrl-C; the data stays."""
    )
