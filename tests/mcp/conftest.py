"""One place for all tests of this folder, on each engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.mcp.place import Place, place
from tests.stores import Schemas, made_sqlite


@pytest.fixture(scope="session")
def sqlite_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A place on SQLite."""
    with place(made_sqlite(tmp_path_factory.mktemp("mcp"))) as found:
        yield found


@pytest.fixture(scope="session")
def postgresql_place(schemas: Schemas) -> Iterator[Place]:
    """A place on PostgreSQL."""
    with schemas.made() as url, place(url) as found:
        yield found


@pytest.fixture
def here(request: pytest.FixtureRequest, engine: str) -> Place:
    """A place; the test runs once for each engine."""
    found: Place = request.getfixturevalue(f"{engine}_place")
    return found
