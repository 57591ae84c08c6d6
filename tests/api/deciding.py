"""Words of tests about decisions: ask for one, redeem it, wait until it is learned."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx

_numbers: dict[str, Iterator[int]] = {}
"""The next id of a decision of each workspace, by its key: what is drawn follows from it, whatever ran before."""


def settings(client: httpx.Client, **changes: Any) -> None:
    """Changes how the workspace decides: no control group unless one is named, the same draws in every run."""
    said = {"control_share": 0.0, "seed": "tests", **changes}
    answer = client.patch("/v1/decisioning", json=said)
    assert answer.status_code == 200, answer.text


def ask(client: httpx.Client, customer_id: str = "ann", **more: Any) -> httpx.Response:
    """Asks for a decision, under a fresh id unless one is given."""
    numbers = _numbers.setdefault(client.headers["authorization"], count(1))
    body = {"customer_id": customer_id, "decision_id": f"d{next(numbers)}", **more}
    return client.post("/v1/decisions", json=body)


def decided(client: httpx.Client, customer_id: str = "ann", **more: Any) -> dict[str, Any]:
    """The answer to it."""
    answer = ask(client, customer_id, **more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def explained(client: httpx.Client, decision_id: str) -> dict[str, Any]:
    """What is told of a decision; its sums come out equal."""
    answer = client.get(f"/v1/decisions/{decision_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found["replay"]["equal"], found["replay"]
    return found


def redeem(
    client: httpx.Client, promotion_id: str, customer_id: str, event_id: str, **more: Any
) -> dict[str, Any]:
    """Reports a redemption."""
    body = {"promotion_id": promotion_id, "customer_id": customer_id, "event_id": event_id}
    body |= {"redeemed_at": datetime.now(UTC).isoformat(), **more}
    answer = client.post("/v1/redemptions", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def reverse(client: httpx.Client, event_id: str) -> None:
    """Reports a reversal of it."""
    body = {"type": "reversal", "event_id": f"{event_id}-back", "reverses": event_id}
    body["redeemed_at"] = datetime.now(UTC).isoformat()
    answer = client.post("/v1/redemptions", json=body)
    assert answer.status_code == 200, answer.text


def learned(client: httpx.Client, seconds: float = 60.0, **expected: int) -> dict[str, Any]:
    """Waits until nothing waits to be learned, what was learned says so, and is decided with; returns it."""
    end = time.monotonic() + seconds
    while True:
        found: dict[str, Any] = client.get("/v1/decisioning").json()["learned"]
        is_all = not found["waiting"] and found["chosen_with"] == found["revision"]
        if is_all and all(found[name] == n for name, n in expected.items()):
            return found
        assert time.monotonic() < end, (found, expected)
        time.sleep(0.02)


def lived(client: httpx.Client, customer_id: str, promotion_id: str, redeemed: bool) -> None:
    """A customer was given a promotion six times a while ago, and redeemed each or none."""
    given, used = [], []
    for days in range(20, 14, -1):
        at = datetime.now(UTC) - timedelta(days=days)
        named = f"{customer_id}-{promotion_id}-{days}"
        given.append(
            {
                "promotion_id": promotion_id,
                "customer_id": customer_id,
                "assignment_id": named,
                "assigned_at": at.isoformat(),
            }
        )
        later = (at + timedelta(hours=1)).isoformat()
        one = {"event_id": f"e-{named}", "assignment_id": named, "redeemed_at": later}
        used.append(one | {"promotion_id": promotion_id, "customer_id": customer_id})
    assert client.post("/v1/assignments", json=given).json()["problems"] == []
    if redeemed:
        assert client.post("/v1/redemptions", json=used).json()["problems"] == []
