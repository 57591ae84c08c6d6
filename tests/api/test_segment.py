"""Segment's door over HTTP, on both stores: coupons applied are redemptions, removed they are undone, in any order."""

from __future__ import annotations

import gzip
import json
import random
from typing import Any

import httpx
import pytest

from tests.api.server import figures, promotion


def applied(number: str, customer: str = "ann", **said: Any) -> dict[str, Any]:
    return {
        "type": "track",
        "event": "Coupon Applied",
        "messageId": f"m-{number}",
        "userId": customer,
        "timestamp": "2026-10-09T12:00:00.000Z",
        "properties": {"order_id": f"o-{number}", "coupon_id": "SPRING", **said},
    }


def removed(number: str, customer: str = "ann", **said: Any) -> dict[str, Any]:
    return applied(number, customer, **said) | {
        "event": "Coupon Removed",
        "messageId": f"m-{number}-removed",
        "timestamp": "2026-10-09T12:05:00.000Z",
    }


OTHERS: list[dict[str, Any]] = [
    {"type": "identify", "userId": "ann", "traits": {"email": "ann@x.example"}},
    {"type": "page", "anonymousId": "a", "name": "Home"},
    {"type": "track", "event": "Order Completed", "userId": "ann", "properties": {"revenue": 9}},
]


def key_of(client: httpx.Client) -> str:
    return client.headers["authorization"].removeprefix("Bearer ")


@pytest.fixture
def library(client: httpx.Client) -> httpx.Client:
    """What a library has: the key as a user name. Four customers have promotion `p`, whose code is SPRING."""
    promotion(client, "p", code="SPRING")
    given = [
        {"promotion_id": "p", "customer_id": c, "assigned_at": "2026-10-05T08:00:00Z"}
        for c in ("ann", "bob", "cat", "dan")
    ]
    assert client.post("/v1/assignments", json=given).json()["outcomes"] == {"counted": 4}
    return client


def track(client: httpx.Client, message: Any) -> httpx.Response:
    return client.post("/v1/track", json=message, auth=(key_of(client), ""))


def batch(client: httpx.Client, messages: list[Any], query: str = "") -> dict[str, Any]:
    body = {"batch": messages, "sentAt": "2026-10-09T13:00:00Z", "context": {}}
    answer = client.post(f"/v1/batch{query}", json=body, auth=(key_of(client), ""))
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_coupon_is_counted_once_and_undone_once(library: httpx.Client) -> None:
    """P22, S4, P3, P5: alone or in a batch, sent again or not."""
    first = track(library, applied("1", discount=5))
    assert (first.status_code, first.json()["outcome"]) == (200, "counted"), first.text
    assert first.json()["event_id"] == "order:o-1|SPRING"
    assert batch(library, [applied("1", discount=5)])["outcomes"] == {"duplicate": 1}
    assert figures(library, "p")["redeemed"] == 1
    assert track(library, removed("1")).json()["outcome"] == "counted"
    assert track(library, removed("1")).json()["outcome"] == "duplicate"
    told = figures(library, "p")
    assert (told["redeemed"], told["reversed"]) == (0, 1)


def test_all_other_calls_are_left_alone_and_said_to_be(library: httpx.Client) -> None:
    """A library tries again what failed: what is about no coupon must not fail."""
    for message in OTHERS:
        answer = track(library, message)
        assert answer.status_code == 200
        assert (answer.json()["outcome"], answer.json()["reason"]) == ("ignored", "other_event")
    told = batch(library, [*OTHERS, applied("1"), {"event": "Coupon Applied"}], "?outcomes=all")
    assert told["outcomes"] == {"counted": 1, "ignored": 3, "rejected": 1}
    assert [one["pointer"] for one in told["problems"]] == ["/batch/4/properties/order_id"]
    assert [one["outcome"] for one in told["results"]][3] == "counted"
    assert batch(library, OTHERS)["outcomes"] == {"ignored": 3}
    assert batch(library, [])["received"] == 0
    assert len(library.get("/v1/problems").json()["items"]) == 1


def test_any_order_any_cadence_twice_over_gives_the_same_figures(library: httpx.Client) -> None:
    """N1, P6: removals before their applications too, and somebody who signed in between the two."""
    given = [
        applied("1"),
        removed("1"),
        applied("2", "bob", discount=4.25),
        applied("3", "cat", order_id=None, cart_id="k"),
        removed("3", "somebody else", order_id="", cart_id="k"),
        applied("4", "dan", redemption_id="own-4"),
        removed("4", "dan", redemption_id="own-4"),
        *OTHERS,
    ]
    found = []
    for number in range(4):
        name, drawn = f"P{number}", random.Random(number)
        promotion(library, name, code=name)
        assigned = [
            {"promotion_id": name, "customer_id": c, "assigned_at": "2026-10-05T08:00:00Z"}
            for c in ("ann", "bob", "cat", "dan")
        ]
        library.post("/v1/assignments", json=assigned)
        messages = [of(message, name) for message in given] * 2
        drawn.shuffle(messages)
        while messages:
            size = drawn.choice((1, 2, 3))
            assert "rejected" not in batch(library, messages[:size])["outcomes"]
            messages = messages[size:]
        told = figures(library, name)
        found.append({n: told[n] for n in ("redeemed", "reversed", "reward_cost", "pending")})
    assert found == found[:1] * 4
    assert (found[0]["redeemed"], found[0]["reversed"]) == (1, 3)
    assert found[0]["reward_cost"] == {"EUR": "4.25"}
    assert not library.get("/v1/problems").json()["items"]


def of(message: dict[str, Any], name: str) -> dict[str, Any]:
    """The same message of another promotion, in its own orders."""
    if "properties" not in message:
        return message
    said = dict(message["properties"]) | {"coupon_id": name}
    if "redemption_id" in said:
        said["redemption_id"] += name
    changed = {"properties": said}
    if "messageId" in message:
        changed["messageId"] = message["messageId"] + name
    return message | changed


def test_what_an_application_once_removed_costs(library: httpx.Client) -> None:
    """Applied, removed and applied again in one order: refused and kept, unless the shop names each application."""
    again = applied("1") | {"messageId": "m-1-again", "timestamp": "2026-10-09T12:09:00Z"}
    assert track(library, applied("1")).json()["outcome"] == "counted"
    assert track(library, removed("1")).json()["outcome"] == "counted"
    refused = track(library, again)
    assert (refused.status_code, refused.json()["code"]) == (409, "event_conflict")
    assert refused.json()["errors"][0]["pointer"] == "/properties"
    (problem,) = library.get("/v1/problems").json()["items"]
    assert (problem["reason"], problem["customer_id"]) == ("event_conflict", "ann")
    for number, customer in (("a", "ann"), ("b", "ann")):
        own = applied("1", customer, redemption_id=number) | {"messageId": f"m-{number}"}
        assert track(library, own).json()["outcome"] == "counted"
        if number == "a":
            assert (
                track(library, removed("1", redemption_id="a")).status_code == 409
            )  # that id was used
            last = removed("1", redemption_id="a") | {"messageId": "m-last"}
            assert track(library, last).json()["outcome"] == "counted"
    assert figures(library, "p")["redeemed"] == 1


def test_a_removal_that_names_no_order_is_refused_kept_and_says_why(library: httpx.Client) -> None:
    """P2, P10."""
    answer = track(library, removed("1", order_id=None))
    assert answer.status_code == 422
    said = answer.json()
    assert (said["code"], said["errors"][0]["pointer"]) == ("invalid", "/properties/order_id")
    (problem,) = library.get("/v1/problems").json()["items"]
    assert problem["payload"]["as_segment"] == removed("1", order_id=None)
    assert library.post("/v1/problems/replay", json={}).json()["outcomes"] == {"rejected": 1}
    (again,) = library.get("/v1/problems").json()["items"]
    assert again["problem_id"] == problem["problem_id"]


def test_the_key_is_a_user_name_or_stands_in_the_body(library: httpx.Client) -> None:
    """P14: as Segment's libraries send it, old and new; and as everywhere else. On these routes alone."""
    key, url = key_of(library), str(library.base_url)
    body = {"batch": [applied("1")]}
    with httpx.Client(base_url=url) as bare:
        for asked, status in (
            ({"auth": (key, "")}, 200),
            ({"headers": {"X-API-KEY": key}}, 200),
            ({"json": body | {"writeKey": key}}, 200),
            ({"auth": ("wrong", "")}, 401),
            ({"auth": ("", key)}, 401),
            ({"headers": {"Authorization": "Basic ???"}}, 401),
            ({"json": body | {"writeKey": "wrong"}}, 401),
            ({"json": body | {"writeKey": 5}}, 401),
            ({"content": b"{"}, 401),
            ({"content": b" " * (512 * 1024 + 1)}, 413),
            ({}, 401),
        ):
            answer = bare.post(
                "/v1/batch", **({"json": body} | asked if "content" not in asked else asked)
            )
            assert answer.status_code == status, (asked, answer.text)
        assert bare.post("/v1/redemptions", json=[], auth=(key, "")).status_code == 401
        assert bare.post("/v1/redemptions", json={"writeKey": key}).status_code == 401
        spoiled = json.dumps({"writeKey": key, "batch": 5})
        assert bare.post("/v1/batch", content=spoiled, auth=(key, "")).status_code == 400
    assert key not in library.get("/v1/problems").text
    assert len(library.get("/v1/problems").json()["items"]) == 1


def test_a_batch_may_be_packed_and_large_and_is_answered_once(library: httpx.Client) -> None:
    """P1, P3."""
    messages = [applied(f"x{n}", "dan") for n in range(3_000)] + OTHERS
    body = gzip.compress(json.dumps({"batch": messages}).encode())
    headers = {
        "Content-Encoding": "gzip",
        "Content-Type": "application/json",
        "Idempotency-Key": "k",
    }
    for _ in range(2):
        answer = library.post("/v1/batch", content=body, headers=headers)
        assert answer.json()["outcomes"] == {"counted": 1, "excess": 2_999, "ignored": 3}
    assert figures(library, "p")["redemptions"] == 3_000
    many = json.dumps({"batch": [{}] * 10_001}).encode()
    assert (
        library.post(
            "/v1/batch",
            content=many,
            headers=headers | {"Content-Encoding": "identity", "Idempotency-Key": "l"},
        ).status_code
        == 413
    )
    assert (
        library.post(
            "/v1/track", content=b"x=1", headers={"Content-Type": "text/plain"}
        ).status_code
        == 415
    )


def test_a_dry_run_changes_nothing(library: httpx.Client) -> None:
    told = library.post("/v1/track?dry_run=true", json=applied("1")).json()
    assert (told["outcome"], told["dry_run"]) == ("counted", True)
    several = library.post("/v1/batch?dry_run=true", json={"batch": [applied("1"), *OTHERS]}).json()
    assert several["outcomes"] == {"counted": 1, "ignored": 3}
    assert figures(library, "p")["redeemed"] == 0


def test_thousands_go_by_column_and_each_is_answered_in_its_place(library: httpx.Client) -> None:
    """P22: what is none of ours, refused, removed or told again stands among them."""
    assert batch(library, [applied("gone")])["outcomes"] == {"counted": 1}
    messages = [applied(f"{n}", f"guest-{n}") for n in range(1_100)]
    messages[3], messages[5] = OTHERS[0], applied("5", "bob")
    messages[8], messages[9] = removed("gone"), {"event": "Coupon Applied"}
    messages[10] = applied("10", "cat", coupon_id="NOBODYS")
    told = batch(library, messages)
    counts = {"counted": 2, "ignored": 1, "rejected": 1, "pending": 1_096}
    assert told["outcomes"] == counts
    refused = [one for one in told["problems"] if one["outcome"] == "rejected"]
    assert [(one["index"], one["pointer"][:9]) for one in refused] == [(9, "/batch/9/")]
    again = batch(library, messages)["outcomes"]
    assert again == {"duplicate": 1_098, "ignored": 1, "rejected": 1}
    assert figures(library, "p")["reversed"] == 1
