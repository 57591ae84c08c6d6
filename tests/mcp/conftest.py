"""One place for all tests of this folder, on each engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import empty_schema
from tests.mcp.place import Place, place


@pytest.fixture(scope="session")
def sqlite_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A place on SQLite."""
    with place(f"sqlite:///{tmp_path_factory.mktemp('mcp')}/promosight.db") as found:
        yield found


@pytest.fixture(scope="session")
def postgresql_place(postgresql_server: str) -> Iterator[Place]:
    """A place on PostgreSQL."""
    with empty_schema(postgresql_server) as url, place(url) as found:
        yield found


@pytest.fixture
def here(request: pytest.FixtureRequest, engine: str) -> Place:
    """A place; the test runs once for each engine."""
    found: Place = request.getfixturevalue(f"{engine}_place")
    return found
