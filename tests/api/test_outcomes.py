"""Every outcome and reason of the semantics, as a sender sees it over HTTP."""

from __future__ import annotations

import gzip
import json
from typing import Any

import httpx
import pytest
import zstandard

from tests.api.server import figures, promotion

AT = "2026-11-02T12:00:00Z"


def given(client: httpx.Client, promotion_id: str, customer_id: str, **more: Any) -> None:
    body = {"promotion_id": promotion_id, "customer_id": customer_id, "assigned_at": AT, **more}
    answer = client.post("/v1/assignments", json=body)
    assert answer.status_code == 200, answer.text


def redeem(client: httpx.Client, event_id: str, **more: Any) -> httpx.Response:
    body = {"event_id": event_id, "customer_id": "ann", "redeemed_at": "2026-11-03T12:00:00Z"}
    return client.post("/v1/redemptions", json=body | more)


def verdict(answer: httpx.Response) -> tuple[int, str, str | None]:
    said = answer.json()
    return answer.status_code, said["outcome"], said["reason"]


def test_each_outcome_and_reason_reaches_its_sender(client: httpx.Client) -> None:
    """S1, S2, S8, S9, S10, S42, S43, P2: one event at a time, each with the outcome of the semantics."""
    promotion(client, "p", code="SPRING")
    promotion(client, "q", code="AUTUMN")
    promotion(client, "old", ends_at="2026-09-01T00:00:00Z")
    promotion(client, "draft", status="draft")
    given(client, "p", "ann")
    given(client, "q", "bob", promo_code="BOBS")
    given(client, "q", "ann", control=True)
    p = {"promotion_id": "p"}
    counted = redeem(client, "e1", **p)
    assert verdict(counted) == (200, "counted", None)
    assert counted.json()["promotion_id"] == "p"
    assert counted.json()["assignment_id"]
    assert verdict(redeem(client, "e1", **p))[:2] == (200, "duplicate")
    assert verdict(redeem(client, "e2", **p)) == (200, "excess", None)
    assert verdict(redeem(client, "e3", promotion_id="p", customer_id="bob"))[1] == "unassigned"
    unknown = redeem(client, "e4", promotion_id="never")
    assert verdict(unknown) == (200, "pending", "unknown_promotion")
    stranger = redeem(client, "e5", promotion_id="p", customer_id="nobody")
    assert verdict(stranger) == (200, "pending", "unknown_customer")
    early = redeem(client, "r1", type="reversal", reverses="later")
    assert verdict(early) == (200, "pending", "unknown_original")
    foreign = redeem(client, "e6", promo_code="BOBS")
    assert verdict(foreign) == (200, "flagged", "code_mismatch")
    control = redeem(client, "e7", promotion_id="q")
    assert verdict(control) == (200, "flagged", "control_contamination")
    wrong = [
        ("backdated", {**p, "redeemed_at": "2026-09-30T23:59:59Z"}),
        ("future", {**p, "redeemed_at": "2999-01-01T00:00:00Z"}),
        ("historical_promotion", {"promotion_id": "old"}),
        ("draft_promotion", {"promotion_id": "draft"}),
        ("identifier_conflict", {**p, "promo_code": "AUTUMN"}),
    ]
    for number, (reason, fields) in enumerate(wrong):
        assert verdict(redeem(client, f"w{number}", **fields)) == (422, "rejected", reason)
    conflict = redeem(client, "e1", promotion_id="q")
    assert conflict.status_code == 409
    assert conflict.json()["code"] == "event_conflict"
    reasons = {c["reason"] for c in client.get("/v1/problems").json()["counts"]}
    assert reasons >= {reason for reason, _ in wrong} | {
        "event_conflict",
        "unknown_promotion",
        "unknown_customer",
        "unknown_original",
        "code_mismatch",
        "control_contamination",
    }
    shown = figures(client, "p")
    assert (shown["assigned"], shown["redeemed"], shown["display"]) == (1, 1, "100%")
    assert (shown["redemptions"], shown["excess"], shown["unassigned"]) == (3, 1, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [("customer_id", None), ("redeemed_at", "2026-11-03T12:00:00"), ("promotion_id", None)],
)
def test_the_failing_field_is_named_and_the_payload_kept(
    client: httpx.Client, field: str, value: str | None
) -> None:
    """S2, P16: missing or naive fields are refused with a pointer, and nothing sent is lost."""
    body = {
        "event_id": "e",
        "promotion_id": "p",
        "customer_id": "c",
        "redeemed_at": "2026-11-03T12:00:00Z",
        field: value,
    }
    answer = client.post("/v1/redemptions", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem.keys() >= {"type", "title", "status", "detail", "code", "errors"}
    assert problem["errors"][0]["pointer"] == f"/{field}"
    kept = client.get("/v1/problems").json()["items"]
    assert [one["payload"]["event_id"] for one in kept] == ["e"]


def test_events_wait_for_what_they_lack_and_count_when_it_comes(client: httpx.Client) -> None:
    """S10, S11, P6: draft, unknown promotion and unknown customer mend themselves."""
    assert verdict(redeem(client, "e1", promotion_id="p"))[1] == "pending"
    promotion(client, "p", status="draft")
    assert verdict(redeem(client, "e2", promotion_id="p"))[2] == "draft_promotion"
    given(client, "p", "ann", max_redemptions=2)
    assert client.post("/v1/promotions/p/activate").status_code == 200
    assert figures(client, "p")["redemptions"] == 2
    assert client.get("/v1/events/e2").json()["outcome"] == "counted"
    assert client.get("/v1/problems").json()["items"] == []


def test_one_bad_event_never_fails_its_neighbours(client: httpx.Client) -> None:
    """P1, P2: arrays, NDJSON, CSV, gzip and zstd; a verdict for each, by its place."""
    promotion(client, "p")
    good = {
        "promotion_id": "p",
        "customer_id": "ann",
        "redeemed_at": "2026-11-03T12:00:00Z",
    }
    array = json.dumps([{**good, "event_id": "a"}, {"event_id": 5}, [], {**good, "event_id": "b"}])
    answer = client.post("/v1/redemptions?outcomes=all", content=array)
    said = answer.json()
    assert said["received"] == 4
    assert said["outcomes"] == {"pending": 2, "rejected": 2}
    refused = [p for p in said["problems"] if p["outcome"] == "rejected"]
    assert [(p["index"], p["pointer"]) for p in refused] == [(1, "/1/event_id"), (2, "/2")]
    assert len(said["results"]) == 4
    lines = b"\n".join(json.dumps({**good, "event_id": e}).encode() for e in "cd") + b"\n{oops\n"
    ndjson = {"Content-Type": "application/x-ndjson"}
    for encoding, body in (
        ("gzip", gzip.compress(lines)),
        ("zstd", zstandard.ZstdCompressor().compress(lines)),
    ):
        headers = ndjson | {"Content-Encoding": encoding}
        said = client.post("/v1/redemptions", content=body, headers=headers).json()
        assert said["received"] == 3
        assert said["outcomes"]["rejected"] == 1
    csv = "event_id,promotion_id,customer_id,redeemed_at,till\nx,p,ann,2026-11-03T12:00:00Z,7\ny,p,,,\n"
    said = client.post("/v1/redemptions", content=csv, headers={"Content-Type": "text/csv"}).json()
    assert said["outcomes"] == {"pending": 1, "rejected": 1}
    assert client.get("/v1/events/x").json()["reported"]["metadata"] == {"till": "7"}


def test_what_cannot_be_read_is_refused_whole_and_kept(client: httpx.Client) -> None:
    """P1, P16: wrong JSON, wrong CSV, too many, unknown media: problem documents, never a 500."""
    answer = client.post("/v1/redemptions", content=b'{"event_id": "half')
    assert answer.status_code == 400
    csv = {"Content-Type": "text/csv"}
    assert client.post("/v1/redemptions", content=b"a,b\n1,2\n", headers=csv).status_code == 400
    payloads = [one["payload"] for one in client.get("/v1/problems").json()["items"]]
    assert '{"event_id": "half' in payloads
    many = json.dumps([{"event_id": str(n)} for n in range(10_001)])
    assert client.post("/v1/redemptions", content=many).status_code == 413
    odd = {"Content-Type": "image/png"}
    for answer, status in (
        (client.post("/v1/redemptions", content=b"x", headers=odd), 415),
        (client.get("/v1/nothing"), 404),
        (client.put("/v1/redemptions", json={}), 405),
        (client.get("/v1/promotions/none"), 404),
        (client.get("/v1/promotions", headers={"Authorization": "Bearer wrong"}), 401),
        (client.put("/v1/promotions/x", json={"name": "x", "kind": "odd"}), 422),
    ):
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
        assert answer.json()["code"]


def test_a_method_that_a_path_does_not_take_is_told_those_it_does(client: httpx.Client) -> None:
    """P16: RFC 9110 wants `Allow` beside a 405; an id in the path is one step of it."""
    for method, path, allowed in (
        ("DELETE", "/v1/promotions", {"GET", "HEAD"}),
        ("PUT", "/v1/redemptions", {"POST"}),
        ("POST", "/v1/promotions/a%2Fb", {"GET", "HEAD", "PATCH", "PUT"}),
        ("GET", "/v1/promotions/p/activate", {"POST"}),
    ):
        answer = client.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
        assert set(answer.headers["allow"].split(", ")) - {"OPTIONS"} == allowed, path
        asked = client.options(path)
        assert (asked.status_code, asked.headers["allow"]) == (204, answer.headers["allow"])


def test_an_id_that_is_empty_is_told_and_not_taken_for_the_word_behind_it(
    client: httpx.Client,
) -> None:
    """P16: a script whose variable is empty asks for `/v1/promotions//activate`."""
    for method, path, pointer in (
        ("POST", "/v1/promotions//activate", "/promotion_id"),
        ("GET", "/v1/promotions//breakdown", "/promotion_id"),
        ("GET", "/v1/customers//timeline", "/customer_id"),
        ("DELETE", "/v1/customers//", "/customer_id"),
        ("GET", "/v1/imports//problems", "/import_id"),
    ):
        answer = client.request(method, path)
        told = answer.json()
        assert (answer.status_code, told["code"]) == (422, "invalid"), path
        assert told["errors"][0]["pointer"] == pointer
    behind = client.get("/v1/promotions//p").json()
    assert (behind["status"], "at /v1/promotions//p;" in behind["detail"]) == (404, True)
