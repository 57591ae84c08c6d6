"""A served workspace for the tests of this folder: on the servers they share, or on a server of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from promosight.serve import now_us
from promosight.store.engine import Store, open_store
from tests.api.server import client_of, new_workspace, new_workspace_in, running, serving
from tests.stores import Schemas, made_sqlite

Server = tuple[str, str]
"""The URL of a store and the address of the server over it."""


@pytest.fixture
def client(request: pytest.FixtureRequest, engine: str) -> Iterator[httpx.Client]:
    """A client of a real server, on either engine, that holds the admin key of a fresh workspace.

    Workspaces see nothing of each other, so all these tests share one server for each engine: starting
    one takes longer than most of them. A test that asks for `store_url` as well, because it looks into
    the store or does something to the server that others would feel, has a server over it to itself.
    """
    if "store_url" in request.fixturenames:
        url: str = request.getfixturevalue("store_url")
        with serving(url, new_workspace(url)) as client:
            yield client
        return
    _, address = request.getfixturevalue(f"shared_{engine}_server")
    store: Store = request.getfixturevalue(f"shared_{engine}_store")
    with client_of(address, new_workspace_in(store)) as client:
        yield client


@pytest.fixture(scope="session")
def shared_sqlite_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that tests share, on SQLite."""
    url = made_sqlite(tmp_path_factory.mktemp("shared"))
    with running(url) as address:
        yield url, address


@pytest.fixture(scope="session")
def shared_postgresql_server(schemas: Schemas) -> Iterator[Server]:
    """A server that tests share, on PostgreSQL."""
    with schemas.made() as url, running(url) as address:
        yield url, address


@pytest.fixture(scope="session")
def shared_sqlite_store(shared_sqlite_server: Server) -> Iterator[Store]:
    """The store of that server, open: to open it takes longer than to make a workspace in it."""
    with closing(open_store(shared_sqlite_server[0], now_us=now_us())) as store:
        yield store


@pytest.fixture(scope="session")
def shared_postgresql_store(shared_postgresql_server: Server) -> Iterator[Store]:
    """The same on PostgreSQL."""
    with closing(open_store(shared_postgresql_server[0], now_us=now_us())) as store:
        yield store
