"""The stores of this folder's tests: one on either engine, and one beside it to compare with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from promosight.store.engine import Store, open_store
from tests.flows.worlds import NOW_US
from tests.stores import made_sqlite


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An empty store, once on each engine."""
    opened = open_store(store_url, now_us=NOW_US)
    yield opened
    opened.close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Store]:
    """A second store, always SQLite: the same facts go into it by another way, to the same figures."""
    opened = open_store(made_sqlite(tmp_path / "other"), now_us=NOW_US)
    yield opened
    opened.close()
