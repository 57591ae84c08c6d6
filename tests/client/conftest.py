"""The server that the client's tests share; those that stop it have one of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.client.served import Served, served


@pytest.fixture(scope="module")
def server(shared_store_url: str) -> Iterator[Served]:
    """A server for the tests of a file, on each engine."""
    with served(shared_store_url) as found:
        yield found
