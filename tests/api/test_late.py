"""Large bodies read by the thread that writes them: the answers are those of a body read before."""

from __future__ import annotations

import gzip
import json
from typing import Any

import httpx
import pytest

from promosight.api.door import late
from tests.api.offers import promotion

FORMS = ("application/json", "application/x-ndjson", "text/csv")
TOO_LONG = late._MOST_BYTES
"""So many bytes are read before."""


def events(count: int, name: str, **said: Any) -> list[dict[str, Any]]:
    return [
        {
            "event_id": f"{name}-{number}",
            "promotion_id": name,
            "customer_id": f"c-{number}",
            "redeemed_at": "2026-11-03T12:00:00Z",
            **said,
        }
        for number in range(count)
    ]


def written(media_type: str, rows: list[dict[str, Any]]) -> bytes:
    if media_type == "application/json":
        return json.dumps(rows).encode()
    if media_type == "application/x-ndjson":
        return b"\n".join(json.dumps(row).encode() for row in rows)
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [",".join(str(row.get(name, "")) for name in names) for row in rows]
    return "\n".join([",".join(names), *lines]).encode()


def told(client: httpx.Client, media_type: str, body: bytes, **headers: str) -> dict[str, Any]:
    """What is answered to a body of redemptions."""
    head = {"content-type": media_type, **headers}
    answer = client.post("/v1/redemptions", content=body, headers=head)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


@pytest.mark.parametrize("media_type", FORMS)
@pytest.mark.parametrize("refused", [0, 3, late._ALONE + 200])
def test_a_large_body_is_answered_the_same_wherever_it_is_read(
    client: httpx.Client, media_type: str, refused: int
) -> None:
    """In every form, with none, few and too many rows that have to be read alone; also when it comes again."""
    answers = {}
    for name in ("late", "soon"):
        promotion(client, name)
        rows = events(2_000, name)
        for row in rows[:refused]:
            row["redeemed_at"] = "yesterday"
        body = written(media_type, rows)
        assert 65_536 < len(body) < TOO_LONG
        if name == "soon":
            body = body.replace(b"{", b"{" + b" " * (TOO_LONG // 2_000 + 1))
        told(client, media_type, body)
        answers[name] = told(client, media_type, body)
    assert json.dumps(answers["late"]).replace("late", "soon") == json.dumps(answers["soon"])
    assert answers["late"]["received"] == 2_000
    assert answers["late"]["outcomes"].get("rejected", 0) == refused


@pytest.mark.parametrize("media_type", FORMS)
@pytest.mark.parametrize("long", [0, 30_000])
def test_a_large_body_weighs_about_as_many_events_as_it_holds(media_type: str, long: int) -> None:
    """Whatever stands in its first events: by its weight it is put together with others, or waits."""
    rows = events(4_000, "p", order_id="o")
    rows[0]["order_id"] = "o" * long
    assert 2_800 < late._weight(written(media_type, rows)) < 5_200


def test_a_large_compressed_body_is_read_late_too(client: httpx.Client) -> None:
    promotion(client, "p")
    body = gzip.compress(written("application/x-ndjson", events(2_000, "p")))
    said = told(client, "application/x-ndjson", body, **{"content-encoding": "gzip"})
    assert said["received"] == 2_000
    assert client.post(
        "/v1/redemptions", content=b"no gzip", headers={"content-encoding": "gzip"}
    ).is_client_error


def test_a_large_body_that_cannot_be_read_is_kept_as_it_came(client: httpx.Client) -> None:
    body = b"[" + b" " * 70_000 + b'{"event_id": "e"'
    answer = client.post("/v1/redemptions", content=body)
    assert answer.status_code == 400
    found = client.get("/v1/problems").json()["items"]
    assert [item["outcome"] for item in found] == ["rejected"]


def test_more_events_than_a_request_may_hold_are_refused_whole(client: httpx.Client) -> None:
    promotion(client, "p")
    rows = events(10_001, "p")
    for media_type in FORMS:
        head = {"content-type": media_type}
        answer = client.post("/v1/redemptions", content=written(media_type, rows), headers=head)
        assert answer.status_code == 413, answer.text
    assert client.get("/v1/promotions/p").json()["figures"]["redemptions"] == 0
