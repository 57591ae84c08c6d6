"""What a server writes about itself: one line for each event, and nobody's name in any of them."""

import json
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.api.server import ENDS_WITHIN_S, client_of, new_workspace, started

NAME = "zq7person"
"""Part of every id, email, key and header that is sent here: it must be nowhere in what is logged."""
KEY = f"{NAME}-key"
MAIL = f"{NAME}@example.com"


@contextmanager
def logging_server(url: str, log: Path, *options: str) -> Iterator[httpx.Client]:
    """A client of a server of its own that logs to a file."""
    key = new_workspace(url)
    with log.open("wb") as file:
        process, port = started(url, *options, log=file)
        try:
            with client_of(f"http://127.0.0.1:{port}", key) as client:
                yield client
        finally:
            process.terminate()
            assert process.wait(ENDS_WITHIN_S) in (0, -15)


def break_store(url: str) -> None:
    """Takes a table away, so that whoever writes to it meets a fault of ours."""
    statement = "ALTER TABLE rejection RENAME TO rejection_gone"
    if url.startswith("sqlite:///"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as store:
            store.execute(statement)
    else:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement)


def name_somebody_everywhere(client: httpx.Client) -> list[int]:
    """Requests that name a person in every place a request has; returns how they were answered."""
    event: dict[str, object] = {
        "event_id": f"{NAME}-e",
        "customer_id": f"{NAME}-c",
        "promotion_id": f"{NAME}-p",
    }
    event |= {"redeemed_at": "2026-11-01T00:00:00Z", "metadata": {"mail": MAIL}}
    headers = {"X-Request-Id": f"{NAME}-r", "Idempotency-Key": f"{NAME}-i", "User-Agent": NAME}
    wrong = {"Authorization": f"Bearer {KEY}"}
    answers = [
        client.post("/v1/redemptions", json=event, headers=headers),
        client.post("/v1/redemptions", content=f"{{{NAME}", headers=headers),
        client.get(f"/v1/customers/{NAME}-c/report", headers=headers),
        client.get(f"/v1/customers/{NAME}-c/timeline?cursor={NAME}"),
        client.get(f"/v1/{NAME}/nowhere?email={MAIL}", headers=headers),
        client.get("/v1/promotions", headers=wrong | {"Cookie": f"promosight={NAME}"}),
        client.post("/v1/session", json={"email": MAIL, "password": f"{NAME}-password"}),
        client.post("/v1/users", json={"email": MAIL, "name": NAME, "role": "viewer"}),
        client.delete(f"/v1/customers/{NAME}-c", headers=headers),
    ]
    return [answer.status_code for answer in answers]


def send_rubbish(client: httpx.Client) -> None:
    with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as raw:
        raw.sendall(f"{NAME} {NAME}\r\n{MAIL}\r\n\r\n".encode())
        raw.recv(1_000)


def test_a_log_names_nobody_also_when_things_break(store_url: str, tmp_path: Path) -> None:
    """P20: a real server, with everything logged that can be."""
    written = all_that_is_logged(store_url, tmp_path / "log", "json")
    check_lines([json.loads(line) for line in written.splitlines()[1:]])


def test_a_log_for_people_names_nobody_either(sqlite_url: str, tmp_path: Path) -> None:
    written = all_that_is_logged(sqlite_url, tmp_path / "log", "text")
    assert "route=/v1/customers/{customer_id}/report status=200 ms=" in written


def all_that_is_logged(url: str, log: Path, form: str) -> str:
    """What a server logs in answering, and in failing to answer, requests that name somebody everywhere."""
    with logging_server(url, log, "--log-format", form, "--log-requests") as client:
        assert 500 not in name_somebody_everywhere(client)
        send_rubbish(client)
        break_store(url)
        broken = client.post(
            "/v1/redemptions", content=f"[{NAME}-x", headers={"X-Request-Id": f"{NAME}-2"}
        )
        assert broken.status_code == 500
        assert broken.headers["X-Request-Id"] == f"{NAME}-2"
    written = log.read_text()
    assert written.count("a request failed") == 1
    assert NAME not in written
    return written


def check_lines(lines: list[dict[str, Any]]) -> None:
    """Every line has what docs/operating.md says it has."""
    for line in lines:
        assert line.keys() >= {"at", "level", "event", "process"}, line
    events = [line["event"] for line in lines]
    assert events[0] == "a server process serves"
    assert events[-2:] == ["a server process stops", "a server process has stopped"]
    asked = [line for line in lines if line["event"] == "a request"]
    assert {"method", "route", "status", "ms", "request_id"} <= asked[0].keys()
    assert "/v1/customers/{customer_id}/report" in {line["route"] for line in asked}
    failed = next(line for line in lines if line["event"] == "a request failed")
    assert failed["request_id"].startswith("given-")
    assert any(place.startswith("promosight.store.") for place in failed["errors"][0]["at"])
