"""The real server as a subprocess on loopback, and a client that holds the admin key of a workspace."""

from __future__ import annotations

import http.client
import io
import itertools
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import IO, Any

import httpx
import uvicorn

from promosight.api.app import application
from promosight.api.door.door import Door
from promosight.cli.console import Console
from promosight.cli.fresh_keys import fresh_hash, fresh_key
from promosight.cli.noting import Acting
from promosight.flows.set_up.show_set_up import describe_workspace
from promosight.flows.set_up.users import NewUser, add_user, user_of
from promosight.flows.set_up.workspaces import NewKey, NewWorkspace, create_key, create_workspace
from promosight.rules.instants import parse_instant
from promosight.serve import OPTIONS, now_us
from promosight.store.engine import Store, open_store
from promosight.store.tx import Tx
from tests.cli.program import start
from tools.ports import kept_port

TRACKING_FROM = "2026-10-01T00:00:00Z"
STARTS_WITHIN_S, ENDS_WITHIN_S = 120, 60
"""How long a server may take, on a machine that does other things too. (Requests under way are given 20 seconds.)"""
_numbers = itertools.count(1)
_KEPT = httpx.Limits(max_connections=100, max_keepalive_connections=100, keepalive_expiry=None)
"""A connection that a thread was given but has not begun to use counts as idle, and another thread may close it as one
too many or too old. So none is ever either."""


def new_workspace(url: str, *, sandbox: bool = False) -> str:
    """The admin key of a fresh workspace, tracking since October.

    What `promosight init` makes. But all the first users have one password: hashing it took longer than all the rest.
    """
    store = open_store(url, now_us=now_us())
    try:
        return new_workspace_in(store, sandbox=sandbox)
    finally:
        store.close()


def new_workspace_in(store: Store, *, sandbox: bool = False) -> str:
    """The same in a store that is open."""
    key = fresh_key("admin", ["admin"], now_us=now_us())
    store.change(lambda tx: _create(tx, f"brand-{next(_numbers)}", key, sandbox=sandbox))
    return key.secret


def _create(tx: Tx, name: str, key: NewKey, *, sandbox: bool) -> None:
    wanted = NewWorkspace(
        workspace_id=name,
        name=name,
        time_zone="UTC",
        currency="EUR",
        tracking_from_us=parse_instant(TRACKING_FROM),
        sandbox=sandbox,
        created_us=key.created_us,
    )
    workspace = create_workspace(tx, wanted)
    number, at_us = workspace.workspace_no, key.created_us
    create_key(tx, number, key)
    email = "admin@localhost" if user_of(tx, "admin@localhost") is None else f"admin@{name}"
    admin = NewUser(email=email, role="admin", password_hash=_hash(), created_us=at_us)
    add_user(tx, number, admin)
    said = describe_workspace(workspace) | {"key": key.key_id, "user": email}
    console = Console({}, now_us, io.BytesIO(), io.StringIO(), io.StringIO())
    Acting(console, "workspace.create", name).done(tx, number, **said)


@cache
def _hash() -> str:
    return fresh_hash("a long word for tests")


@contextmanager
def serving(url: str, key: str, *options: str) -> Iterator[httpx.Client]:
    """A client of a server over the store, which runs until the block ends."""
    with running(url, *options) as address, client_of(address, key) as client:
        yield client


@contextmanager
def running(url: str, *options: str) -> Iterator[str]:
    """The address of a server over the store, which runs until the block ends."""
    process, port = started(url, *options)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        assert process.wait(ENDS_WITHIN_S) in (0, -15)


@contextmanager
def serving_here(url: str, **options: Any) -> Iterator[tuple[Door, int]]:
    """A server in this process, and its port. `options` are of its door; `http` is the protocol of its connections."""
    store = open_store(url, now_us=now_us())
    http_class = {"http": options.pop("http")} if "http" in options else {}
    door = Door(store, **({"clock": now_us, "fresh": lambda _: "fresh"} | options))
    config = OPTIONS | http_class
    server = uvicorn.Server(uvicorn.Config(application(door), host="127.0.0.1", port=0, **config))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield door, server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        store.close()


def client_of(address: str, key: str) -> httpx.Client:
    """A client of a server. (Loading the certificates of the world, which it never needs, takes a while.)"""
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.Client(base_url=address, headers=headers, timeout=60, verify=False, limits=_KEPT)


def started(
    url: str, *options: str, log: IO[bytes] | None = None
) -> tuple[subprocess.Popen[bytes], int]:
    """A server that answers (`log`: where its lines go)."""
    keeper, port = kept_port()
    with keeper:
        words = ("serve", "--database", url, "--port", str(port), *options)
        process = start(*words, stdout=log, stderr=log)
        until = time.monotonic() + STARTS_WITHIN_S
        while process.poll() is None and time.monotonic() < until:
            if _is_ready(port):
                return process, port
            time.sleep(0.02)
    process.kill()
    process.wait()
    raise AssertionError("the server did not come up")


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def promotion(client: httpx.Client, promotion_id: str, **terms: object) -> None:
    """PUTs an active promotion worth five euros, with changes."""
    reward = {"type": "amount", "currency": "EUR", "value": "5.00"}
    body = {"name": promotion_id, "status": "active", "reward": reward, **terms}
    answer = client.put(f"/v1/promotions/{promotion_id}", json=body)
    assert answer.status_code in (200, 201), answer.text


def figures(client: httpx.Client, promotion_id: str) -> dict[str, object]:
    """The figures of one promotion."""
    answer = client.get(f"/v1/promotions/{promotion_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()["figures"]
    return found


def listed(client: httpx.Client) -> list[dict[str, object]]:
    """The list of promotions, without the moment it was asked for."""
    items: list[dict[str, object]] = client.get("/v1/promotions").json()["items"]
    return items
