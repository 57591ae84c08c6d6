"""The server that the client's tests share; those that stop it have one of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.client.served import Served, served


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server on SQLite for the tests of a file."""
    with served(f"sqlite:///{tmp_path_factory.mktemp('client')}/promosight.db") as found:
        yield found
