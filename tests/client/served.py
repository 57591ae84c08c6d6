"""A real server for the client's tests, on loopback and either engine, and what it counted in the end."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx

from promosight.client.promosight import Promosight
from promosight.flows.checking.verify import verify
from promosight.store.engine import open_store
from tests.api.server import ENDS_WITHIN_S, client_of, new_workspace, promotion, running
from tests.cli.program import start

PATIENT_S = 300.0
"""As long as a test waits for what will happen; a test that passes never waits so long."""
_numbers = itertools.count(1)


class Served(NamedTuple):
    """A store, the address of the server over it, and the admin key of a workspace."""

    url: str
    address: str
    key: str

    @contextmanager
    def admin(self) -> Iterator[httpx.Client]:
        """A plain client, to set up and to look."""
        with client_of(self.address, self.key) as http:
            yield http

    def promotion(self) -> str:
        """The id of a new promotion."""
        name = f"p-{next(_numbers)}"
        with self.admin() as http:
            promotion(http, name)
        return name

    def figures(self, promotion_id: str) -> dict[str, Any]:
        """What is counted, after a second engine counted the same."""
        with self.admin() as http:
            answer = http.get(f"/v1/promotions/{promotion_id}").json()
        store = open_store(self.url, now_us=0)
        try:
            assert verify(store, None).differences == []
        finally:
            store.close()
        found: dict[str, Any] = answer["figures"]
        return found

    def events(self, promotion_id: str) -> int:
        """How many redemptions the server has of a promotion, as its figures say."""
        return int(self.figures(promotion_id)["redeemed"])


@contextmanager
def served(url: str) -> Iterator[Served]:
    """A server over a new store."""
    key = new_workspace(url)
    with running(url) as address:
        yield Served(url, address, key)


@contextmanager
def coming_up(url: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server that is being started on a port, and runs until the block ends."""
    process = start("serve", "--database", url, "--port", str(port))
    try:
        yield process
    finally:
        process.terminate()
        assert process.wait(ENDS_WITHIN_S) in (0, -15)


def redeem(client: Promosight, promotion_id: str, *customers: str) -> list[str]:
    """Gives each customer a reward and has it redeemed; the ids of the redemptions."""
    for one in customers:
        client.assign(
            promotion_id=promotion_id,
            customer_id=one,
            assignment_id=f"{promotion_id}-{one}",
            assigned_at="2026-11-01T08:00:00Z",
        )
    return [
        client.report_redemption(promotion_id=promotion_id, customer_id=one) for one in customers
    ]
