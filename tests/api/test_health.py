"""Whether a server can be sent requests, as it says itself: in its last seconds, on a full disk, below a new schema."""

from __future__ import annotations

import http.client
import json
import signal
import threading
import time
from pathlib import Path

import httpx
import pytest

from promosight.store.engine import open_store
from tests.api.server import ENDS_WITHIN_S, client_of, new_workspace, running, started
from tests.cli.program import run
from tests.faults.servers import fill, small_disk
from tools.ports import kept_port

LEAVING = (503, "this server is about to stop")


def event(number: int) -> dict[str, str]:
    return {
        "event_id": f"e-{number}",
        "customer_id": f"c-{number}",
        "promotion_id": "p",
        "redeemed_at": "2026-11-01T00:00:00Z",
    }


def ready(address: str) -> tuple[int, str]:
    """What it says of itself, and why."""
    answer = httpx.get(f"{address}/readyz", timeout=60, verify=False)
    return answer.status_code, answer.json().get("detail", "")


def test_a_server_told_to_stop_says_so_first_and_loses_nothing_it_accepted(store_url: str) -> None:
    """P20: /readyz turns 503 while requests are still answered; whatever was answered with 200 is there."""
    key = new_workspace(store_url)
    taken: list[int] = []
    # Whoever looks so late that those seconds are over already has seen nothing, and looks again with more of them.
    assert any(seen_leaving(store_url, key, seconds, taken) for seconds in (2, 10, 50))
    with running(store_url) as again, client_of(again, key) as client:
        sent = [event(number) for number in taken]
        answer = client.post("/v1/redemptions", json=sent)
        assert answer.json()["outcomes"] == {"duplicate": len(taken)}


def seen_leaving(url: str, key: str, seconds: int, taken: list[int]) -> bool:
    """Whether one saw a server that was told to stop: it says so, and still answers.

    It must be seen unless one looks too late.
    """
    process, port = started(url, "--drain-seconds", str(seconds))
    begin = seconds * 1_000_000
    senders = [
        threading.Thread(target=send_until_closed, args=(port, key, begin + first, taken))
        for first in (0, 100_000, 200_000)
    ]
    for sender in senders:
        sender.start()
    before = len(taken)
    while len(taken) < before + 30:
        time.sleep(0.01)
    told = time.monotonic()
    process.send_signal(signal.SIGTERM)
    try:
        while (said := ready(f"http://127.0.0.1:{port}")) != LEAVING:
            assert time.monotonic() < told + seconds, said
            time.sleep(0.02)
        before = len(taken)
        while len(taken) == before:
            assert time.monotonic() < told + seconds, "nobody is answered any more"
            time.sleep(0.01)
    except (AssertionError, httpx.TransportError):
        if time.monotonic() < told + seconds / 2:
            raise
        return False
    finally:
        for sender in senders:
            sender.join(60)
        assert process.wait(ENDS_WITHIN_S) in (0, -15)
    return True


def send_until_closed(port: int, key: str, number: int, taken: list[int]) -> None:
    """Reports single events until nobody answers any more; notes the acknowledged ones."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        while True:
            connection.request("POST", "/v1/redemptions", json.dumps(event(number)), headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                taken.append(number)
            number += 1
    except (OSError, http.client.HTTPException):
        return
    finally:
        connection.close()


def test_a_server_under_a_newer_schema_is_not_ready(store_url: str) -> None:
    """P20: somebody upgraded the store below it."""
    new_workspace(store_url)
    with running(store_url) as address:
        assert ready(address)[0] == 200
        store = open_store(store_url, now_us=0)
        newer = {"name": "9999_newer.sql", "digest": "", "applied_us": 0}
        store.change(lambda tx: tx.run("add_schema_version", **newer))
        store.close()
        time.sleep(1.1)
        assert ready(address) == (
            503,
            "the store has schema 9999_newer.sql, newer than this program",
        )


def test_no_address_is_said_where_nothing_will_serve(store_url: str) -> None:
    """P20: over a store of a newer version there is one line, the error, and no promise before it."""
    store = open_store(store_url, now_us=0)
    newer = {"name": "9999_newer.sql", "digest": "", "applied_us": 0}
    store.change(lambda tx: tx.run("add_schema_version", **newer))
    store.close()
    keeper, port = kept_port()
    with keeper:
        done = run("serve", "--database", store_url, "--port", str(port))
    assert (done.returncode, done.stdout) == (1, "")
    assert "9999_newer.sql, newer than this program" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_server_on_a_full_disk_is_not_ready_until_there_is_room(tmp_path: Path) -> None:
    """P20: reading still works there; what is asked is whether a change can be made."""
    with small_disk(tmp_path / "disk", 24) as mounted:
        if not mounted:
            pytest.skip("a disk of its own needs root")
        url = f"sqlite:///{tmp_path}/disk/promosight.db"
        key = new_workspace(url)
        with running(url) as address, client_of(address, key) as client:
            assert ready(address)[0] == 200
            filler = fill(tmp_path / "disk")
            time.sleep(1.1)
            refused = client.post("/v1/redemptions", json=event(1))
            assert (ready(address)[0], refused.status_code) == (503, 503)
            assert client.get("/v1/promotions").status_code == 200
            filler.unlink()
            until = time.monotonic() + 60
            while ready(address)[0] != 200:
                assert time.monotonic() < until
                time.sleep(0.2)
            assert client.post("/v1/redemptions", json=event(1)).status_code == 200
