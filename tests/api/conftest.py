"""A served workspace for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.api.server import new_workspace, serving


@pytest.fixture
def client(store_url: str) -> Iterator[httpx.Client]:
    """A client of a real server over a fresh store, on either store."""
    with serving(store_url, new_workspace(store_url)) as client:
        yield client
