"""What a caller has is not sent again; browsers get answers compressed, and keep nothing of one person."""

from __future__ import annotations

import gzip
from contextlib import ExitStack

import httpx
import pytest

from tests.api.offers import promotion
from tests.api.people import new_user, signed_in
from tests.api.server import client_of, running

EVENT = {"promotion_id": "p", "customer_id": "ann", "redeemed_at": "2026-11-03T12:00:00Z"}
LISTS = ("promotions?trend=7", "promotions/p", "sources", "problems", "imports", "alerts")


def again(client: httpx.Client, path: str, tag: str) -> httpx.Response:
    return client.get(f"/v1/{path}", headers={"If-None-Match": tag})


@pytest.mark.parametrize("path", LISTS)
def test_what_did_not_change_is_not_sent_again(client: httpx.Client, path: str) -> None:
    """But for the moment it was asked at: a list that says it is the same list a second later."""
    promotion(client, "p")
    first = client.get(f"/v1/{path}")
    assert first.headers["cache-control"] == "private, no-cache"  # kept, and never shown unasked
    tag = first.headers["etag"]
    for named in (tag, f'W/"older", {tag}', tag.removeprefix("W/"), "*"):
        second = again(client, path, named)
        assert (second.status_code, second.content) == (304, b"")
        assert (second.headers["etag"], second.headers["x-request-id"] != "") == (tag, True)
        assert "content-length" not in second.headers
    assert again(client, path, 'W/"older"').content != b""


def test_what_changed_is_sent(client: httpx.Client) -> None:
    promotion(client, "p")
    tags = {path: client.get(f"/v1/{path}").headers["etag"] for path in LISTS[:4]}
    client.post("/v1/redemptions", json=[EVENT | {"event_id": "e"}, {"event_id": "broken"}])
    for path, tag in tags.items():
        second = again(client, path, tag)
        assert (second.status_code, second.headers["etag"] != tag) == (200, True), path


def test_another_process_knows_what_a_caller_has(client: httpx.Client, store_url: str) -> None:
    """And what came by one of them is sent by the other."""
    with ExitStack() as stack:
        address = stack.enter_context(running(store_url))
        key = client.headers["authorization"].removeprefix("Bearer ")
        other = stack.enter_context(client_of(address, key))
        promotion(client, "p")
        tag = client.get("/v1/promotions").headers["etag"]
        assert again(other, "promotions", tag).status_code == 304
        client.post("/v1/redemptions", json=EVENT | {"event_id": "e"})
        assert again(other, "promotions", tag).status_code == 200


def test_a_browser_gets_it_compressed_and_a_program_as_it_is(client: httpx.Client) -> None:
    for number in range(9):
        promotion(client, f"p{number}")
    person = signed_in(client, new_user(client))
    with person.stream("GET", "/v1/promotions") as answer:
        sent = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    plain = client.get("/v1/promotions")
    assert "content-encoding" not in plain.headers
    assert len(sent) < len(plain.content) / 3
    assert b'"p8"' in gzip.decompress(sent)
    assert again(person, "promotions", plain.headers["etag"]).status_code == 304
    refused = person.get("/v1/promotions", headers={"Accept-Encoding": "gzip;q=0"})
    assert "content-encoding" not in refused.headers


def test_no_browser_keeps_what_is_told_of_one_person(client: httpx.Client) -> None:
    promotion(client, "p")
    client.post("/v1/redemptions", json=EVENT | {"event_id": "e"})
    for path in ("timeline", "report"):
        answer = client.get(f"/v1/customers/ann/{path}")
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert "etag" not in answer.headers
