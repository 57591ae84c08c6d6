"""The brokers that the tests of a process share; each test has topics of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.client.served import Served, served
from tests.consume.broker import Broker
from tests.stores import made_sqlite


@pytest.fixture(scope="session")
def broker() -> Broker:
    """Brokers on loopback."""
    return Broker()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server on SQLite for the tests of a file."""
    with served(made_sqlite(tmp_path_factory.mktemp("consume"))) as found:
        yield found
