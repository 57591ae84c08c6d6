"""The store of this folder's tests, on either engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from promosight.store.engine import Store, open_store


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An empty store, once on each engine."""
    opened = open_store(store_url, now_us=0)
    yield opened
    opened.close()
