"""The real server as a subprocess on loopback, and a client that holds its admin key."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.cli.program import ask, start

TRACKING_FROM = "2026-10-01T00:00:00Z"


def new_workspace(url: str) -> str:
    """The admin key of a fresh workspace, tracking since October."""
    answer = ask("init", "--database", url, "--tracking-from", TRACKING_FROM)
    return str(answer["key"])


@contextmanager
def serving(url: str, key: str, *options: str) -> Iterator[httpx.Client]:
    """A server over the store until the block ends."""
    process, port = started(url, *options)
    headers = {"Authorization": f"Bearer {key}"}
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60
        ) as client:
            yield client
    finally:
        process.terminate()
        assert process.wait(30) in (0, -15)


def started(url: str, *options: str) -> tuple[subprocess.Popen[bytes], int]:
    """A server that answers. Another program may take a free port first; then another port is tried."""
    for _ in range(5):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        process = start("serve", "--database", url, "--port", str(port), *options)
        for _ in range(600):
            if process.poll() is not None:
                break
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200:
                    return process, port
            time.sleep(0.05)
        process.kill()
        process.wait()
    raise AssertionError("the server did not come up")


def promotion(client: httpx.Client, promotion_id: str, **terms: object) -> None:
    """PUTs an active promotion worth five euros, with changes."""
    reward = {"type": "amount", "currency": "EUR", "value": "5.00"}
    body = {"name": promotion_id, "status": "active", "reward": reward, **terms}
    answer = client.put(f"/v1/promotions/{promotion_id}", json=body)
    assert answer.status_code in (200, 201), answer.text


def figures(client: httpx.Client, promotion_id: str) -> dict[str, object]:
    """The figures of one promotion."""
    answer = client.get(f"/v1/promotions/{promotion_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()["figures"]
    return found
