"""A POST that is sent again under its Idempotency-Key, to real servers of which one is killed meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx

from promosight.flows.ledger.naming import EVERYTHING
from promosight.serve import now_us
from promosight.store.engine import open_store
from promosight.store.tx import Tx
from tests.api.server import client_of, new_workspace, promotion, serving, started

KEY = {"Idempotency-Key": "at three in the morning"}
PATH = "/v1/promotions/p/duplicate"
WORKSPACE = 1


@contextmanager
def _nothing_is_written(url: str) -> Iterator[None]:
    """Whoever wants to change a promotion waits until this ends."""
    store, held, over = open_store(url, now_us=now_us()), threading.Event(), threading.Event()

    def hold(tx: Tx) -> None:
        tx.lock(WORKSPACE, EVERYTHING)
        held.set()
        over.wait()

    holder = threading.Thread(target=store.change, args=[hold])
    holder.start()
    held.wait()
    try:
        yield
    finally:
        over.set()
        holder.join()
        store.close()


def _copied(client: httpx.Client) -> tuple[int, str]:
    try:
        answer = client.post(PATH, json={"promotion_id": "copy"}, headers=KEY)
    except httpx.TransportError:
        return 0, ""
    return answer.status_code, answer.json()["code"] if answer.is_error else ""


def test_the_retry_of_a_request_whose_server_was_killed_is_carried_out(store_url: str) -> None:
    """P3: nobody has to wait for a claim to grow old; while the first one runs, every server says so."""
    admin = new_workspace(store_url)
    process, port = started(store_url)
    with (
        client_of(f"http://127.0.0.1:{port}", admin) as doomed,
        serving(store_url, admin) as other,
        ThreadPoolExecutor(2) as senders,
    ):
        promotion(doomed, "p")
        with _nothing_is_written(store_url):
            both = [senders.submit(_copied, doomed) for _ in range(2)]
            while not any(one.done() for one in both):
                time.sleep(0.01)
            assert _copied(other) == (409, "idempotency_in_flight")
            process.kill()
            process.wait()
            assert sorted(one.result() for one in both) == [(0, ""), (409, "idempotency_in_flight")]
        until = time.monotonic() + 30  # PostgreSQL has to see that the connection ended
        while (said := _copied(other)) == (409, "idempotency_in_flight"):
            assert time.monotonic() < until
            time.sleep(0.01)
        assert said == (201, "")
        assert _copied(other) == (201, "")
        assert len(other.get("/v1/promotions").json()["items"]) == 2


def test_what_was_answered_is_answered_by_every_server(store_url: str) -> None:
    """P3: whichever of them was asked first, and also after it was started anew."""
    admin = new_workspace(store_url)
    with serving(store_url, admin) as one, serving(store_url, admin) as another:
        promotion(one, "p")
        assert _copied(one) == (201, "")
        assert one.post(PATH, json={"promotion_id": "copy"}).status_code == 409
        assert _copied(another) == (201, "")
    with serving(store_url, admin) as anew:
        assert _copied(anew) == (201, "")
