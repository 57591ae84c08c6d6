"""Every route takes what nobody means, and answers it as a caller's mistake: never a fault of ours, never a hang."""

from __future__ import annotations

import random
import time
from typing import Any

import httpx
import msgspec
import pytest

from promosight.api.cookies import SIGNED_IN
from promosight.api.routes import ROUTES
from tests.api.server import new_workspace, promotion, serving
from tests.cli.program import ask
from tests.faults.garbling import Garbled, garbled

EACH = 14
"""Requests of each route and engine; more by hand with another seed: a find is a test of its own."""
_ENDLESS = "/v1/stream"
_ANSWER_WITHIN_S = 30.0


@pytest.mark.parametrize("seed", [20261126])
def test_whatever_comes_is_answered_by_a_problem_document_and_nothing_breaks(
    store_url: str, seed: int
) -> None:
    """P16: no 5xx for a caller's mistake; afterwards figures are what the facts say."""
    drawn = random.Random(seed)
    with serving(store_url, new_workspace(store_url)) as client:
        names = _things(client)
        for route in ROUTES:
            if route.path == _ENDLESS or route.scope in ("", SIGNED_IN):
                continue
            for _ in range(EACH):
                _check(client, garbled(route, drawn, names))
        assert client.get("/v1/promotions").status_code == 200
    assert ask("verify", "--database", store_url)["ok"]


def _check(client: httpx.Client, asked: Garbled) -> None:
    began = time.monotonic()
    try:
        answer = client.request(
            asked.method, asked.path, headers=asked.headers, content=asked.body or None
        )
    except httpx.InvalidURL:
        return  # no client sends that
    shown = (asked.method, asked.path[:200], asked.headers, asked.body[:400])
    assert time.monotonic() - began < _ANSWER_WITHIN_S, shown
    assert answer.status_code < 500, (shown, answer.text)
    if answer.status_code >= 400:
        said: dict[str, Any] = msgspec.json.decode(answer.content)
        assert said["status"] == answer.status_code, (shown, answer.text)
        assert said["code"], (shown, answer.text)


def _things(client: httpx.Client) -> dict[str, str]:
    """Something of most kinds, so that requests reach further than a 404."""
    promotion(
        client, "p", tiers=[{"tier_id": "gold"}], limits=[{"measure": "reward", "amount": "50"}]
    )
    given = {"promotion_id": "p", "customer_id": "ann", "assigned_at": "2026-10-05T10:00:00Z"}
    client.post("/v1/assignments", json=given | {"assignment_id": "a", "tier_id": "gold"})
    redeemed = {"event_id": "e", "promotion_id": "p", "customer_id": "ann"}
    client.post("/v1/redemptions", json=redeemed | {"redeemed_at": "2026-10-06T10:00:00Z"})
    client.post("/v1/decisions", json={"customer_id": "ann", "decision_id": "d"})
    return {
        "promotion_id": "p",
        "assignment_id": "a",
        "event_id": "e",
        "customer_id": "ann",
        "decision_id": "d",
        "name": "default",
        "version": "1",
    }
