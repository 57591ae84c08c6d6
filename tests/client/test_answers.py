"""Only what is plainly Promosight's answer takes an event out of the outbox; all else is the network."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from promosight.client.answers import Later, Smaller, Stop, Taken, retry_after, verdict
from promosight.client.errors import NotAllowed, NotFound
from promosight.client.outbox import Refusal

NOW = 1_795_000_000.0


def ours(status: int, code: str, **more: Any) -> httpx.Response:
    said = {"type": f"urn:promosight:problem:{code}", "status": status, "code": code, "detail": "d"}
    return httpx.Response(status, json=said | more)


def told(received: int, outcomes: dict[str, int], *problems: dict[str, Any]) -> httpx.Response:
    said = {"received": received, "outcomes": outcomes, "problems": list(problems)}
    return httpx.Response(200, json=said)


def test_an_answer_with_an_outcome_for_each_takes_them_out() -> None:
    waits = {"index": 0, "outcome": "pending", "reason": "unknown_promotion"}
    wrong = {"index": 2, "outcome": "rejected", "reason": "future", "pointer": "/2/redeemed_at"}
    outcomes = {"pending": 1, "duplicate": 1, "rejected": 1}
    answer = told(3, outcomes, waits, {**wrong, "detail": "x"})
    refused = {2: Refusal("future", "/redeemed_at", "x")}
    assert verdict(answer, 3, NOW) == Taken(refused, outcomes)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>Please sign in</html>"),
        httpx.Response(200, json=["ok"]),
        told(2, {"counted": 2}),
        told(3, {"counted": 2}),
        httpx.Response(204),
        httpx.Response(302, headers={"Location": "https://portal.example/"}),
        httpx.Response(403, text="blocked by your firewall"),
        httpx.Response(404, text="no such page"),
        httpx.Response(400, text="bad"),
        httpx.Response(408),
        httpx.Response(429),
        httpx.Response(500),
        httpx.Response(502, text="bad gateway"),
        ours(503, "overloaded"),
        ours(507, "no_room"),
    ],
)
def test_what_may_pass_is_tried_again(answer: httpx.Response) -> None:
    assert isinstance(verdict(answer, 3, NOW), Later)


def test_the_server_may_say_when() -> None:
    def after(text: str) -> float:
        return retry_after(httpx.Response(503, headers={"Retry-After": text}), NOW)

    assert after("7") == 7
    assert after("99999999999999999999") == 600
    assert after("Thu, 01 Jan 1970 00:00:00 GMT") == 0
    assert after("Fri, 01 Jan 2100 00:00:00 GMT") == 600
    assert after("soon") == after("") == after("-3") == 0


def test_a_key_that_may_not_stops_it_and_a_bad_batch_is_halved() -> None:
    denied = verdict(ours(403, "forbidden"), 3, NOW)
    assert isinstance(denied, Stop)
    assert isinstance(denied.problem, NotAllowed)
    gone = verdict(ours(404, "not_found"), 3, NOW)
    assert isinstance(gone, Stop)
    assert isinstance(gone.problem, NotFound)
    fault = [{"pointer": "/0/customer_id", "detail": "d"}]
    for answer in (ours(413, "too_large"), httpx.Response(413), ours(400, "unreadable")):
        assert isinstance(verdict(answer, 3, NOW), Smaller)
    found = verdict(ours(422, "invalid", errors=fault), 1, NOW)
    assert found == Smaller(Refusal("invalid", "/0/customer_id", "d"))
