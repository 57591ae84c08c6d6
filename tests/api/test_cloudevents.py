"""CloudEvents over HTTP, on both stores: three ways to say the same, counted once, and answered as every redemption."""

from __future__ import annotations

import gzip
import json
import random
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.api.server import figures, promotion

ONE = {"Content-Type": "application/cloudevents+json; charset=UTF-8"}
MANY = {"Content-Type": "application/cloudevents-batch+json"}
SHOP = "https://shop.example/checkout"


def used(id_: str, customer: str = "ann", **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "type": "promotion.redeemed",
        "source": SHOP,
        "id": id_,
        "subject": customer,
        "time": "2026-10-09T12:00:00Z",
        "data": {"promotion_id": "p", "order_value": "40.00", **data},
    }


def undone(id_: str, of: str, customer: str = "ann", **data: Any) -> dict[str, Any]:
    return used(id_, customer) | {
        "type": "promotion.redemption_reversed",
        "time": "2026-10-10T12:00:00Z",
        "data": {"reverses": of, **data},
    }


def sent(client: httpx.Client, event: Any) -> httpx.Response:
    return client.post("/v1/redemptions", content=json.dumps(event), headers=ONE)


def sent_together(client: httpx.Client, events: list[Any], query: str = "") -> dict[str, Any]:
    answer = client.post(f"/v1/redemptions{query}", content=json.dumps(events), headers=MANY)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def beside(event: dict[str, Any], **more: str) -> tuple[dict[str, str], bytes]:
    """The headers and the body of an event in binary mode."""
    headers = {f"ce-{n}": quote(v, safe="/:") for n, v in event.items() if n != "data"}
    kind = {"Content-Type": "application/json"}
    return kind | headers | more, json.dumps(event["data"]).encode()


def sent_binary(client: httpx.Client, event: dict[str, Any], **more: str) -> httpx.Response:
    headers, body = beside(event, **more)
    return client.post("/v1/redemptions", content=body, headers=headers)


@pytest.fixture
def shop(client: httpx.Client) -> httpx.Client:
    """A client of a workspace where four customers have promotion `p`."""
    promotion(client, "p")
    given = [
        {"promotion_id": "p", "customer_id": c, "assigned_at": "2026-10-05T08:00:00Z"}
        for c in ("ann", "bob", "Zoë Ö", "dan")
    ]
    assert client.post("/v1/assignments", json=given).json()["outcomes"] == {"counted": 4}
    return client


def test_an_event_is_counted_once_however_it_is_sent(shop: httpx.Client) -> None:
    """P22, S4, P3: alone, in a batch, with its envelope in headers, or in our own words under the same id."""
    first = sent(shop, used("1"))
    assert (first.status_code, first.json()["outcome"]) == (200, "counted"), first.text
    assert first.json()["event_id"] == f"{SHOP}|1"
    assert sent_together(shop, [used("1"), used("1")])["outcomes"] == {"duplicate": 2}
    assert sent_binary(shop, used("1")).json()["outcome"] == "duplicate"
    own = {"event_id": f"{SHOP}|1", "customer_id": "ann", "redeemed_at": "2026-10-09T12:00:00Z"}
    ours = shop.post("/v1/redemptions", json=own | used("1")["data"])
    assert ours.json()["outcome"] == "duplicate"
    assert sent_binary(shop, used("1", "Zoë Ö") | {"id": "2"}).json()["outcome"] == "counted"
    assert figures(shop, "p")["redeemed"] == 2
    about = shop.get(f"/v1/events/{quote(SHOP, safe='')}%7C1").json()
    assert (about["customer_id"], about["live"]) == ("ann", True)


def test_many_come_together_packed_and_each_is_answered(shop: httpx.Client) -> None:
    """P1, P2."""
    events = [used("1"), used("2", "bob") | {"type": "x"}, used("3", "nobody"), undone("4", "1")]
    told = sent_together(shop, events, "?outcomes=all")
    assert told["received"] == 4
    assert told["outcomes"] == {"counted": 2, "pending": 1, "rejected": 1}
    pointers = {one["index"]: one["pointer"] for one in told["problems"]}
    assert pointers == {1: "/1/type", 2: "/2"}
    assert [one["outcome"] for one in told["results"]] == [
        *("counted", "rejected", "pending", "counted"),
    ]
    packed = gzip.compress(json.dumps([used(f"{n}-z", "dan") for n in range(3_000)]).encode())
    headers = MANY | {"Content-Encoding": "gzip"}
    answer = shop.post("/v1/redemptions", content=packed, headers=headers)
    assert answer.json()["outcomes"] == {"counted": 1, "excess": 2_999}
    mixed = [used(f"{n}-y", f"c{n}") for n in range(1_200)]
    mixed[1], mixed[2], mixed[3] = (
        undone("5-r", "0-z", "dan"),
        used("x", "dan", reward_value="-1"),
        used("1"),
    )
    mixed[4] = used("0-z", "dan", order_id="other")
    for first in ("pending", "duplicate"):
        told = sent_together(shop, mixed)
        assert told["received"] == 1_200
        assert told["outcomes"]["rejected"] == 2
        where = {
            one["index"]: one["pointer"] for one in told["problems"] if one["outcome"] == "rejected"
        }
        assert where == {2: "/2/data/reward_value", 4: "/4/id"}
        assert told["outcomes"][first] >= 1_196


def test_reversals_take_effect_in_any_order(shop: httpx.Client) -> None:
    """P5, P6, N1: shuffled, one by one and in batches, each twice, in all three ways; the same figures each time."""
    given = [
        used("1"),
        undone("2", "1"),
        used("3", "bob", reward_value="5.00"),
        undone("4", "3", "bob", reward_value="2.00"),
        undone("5", "till-1", "dan", reverses_source="/till"),
        used("till-1", "dan") | {"source": "/till"},
        used("6", "Zoë Ö"),
    ]
    found = []
    for number in range(4):
        name = f"p{number}"
        promotion(shop, name)
        assigned = [
            {"promotion_id": name, "customer_id": one, "assigned_at": "2026-10-05T08:00:00Z"}
            for one in ("ann", "bob", "Zoë Ö", "dan")
        ]
        shop.post("/v1/assignments", json=assigned)
        events = [moved(event, number, name) for event in given] * 2
        drawn = random.Random(number)
        drawn.shuffle(events)
        deliver(shop, events, drawn)
        told = figures(shop, name)
        found.append({n: told[n] for n in ("redeemed", "reversed", "reward_cost", "order_value")})
        found[-1] |= {n: told[n] for n in ("pending", "redemptions", "excess")}
    assert found == found[:1] * 4
    assert (found[0]["redeemed"], found[0]["reversed"]) == (2, 2)
    assert found[0]["reward_cost"] == {"EUR": "8.00"}
    assert not shop.get("/v1/problems").json()["items"]


def moved(event: dict[str, Any], number: int, name: str) -> dict[str, Any]:
    """The same event of another promotion, from another source."""
    data = dict(event["data"])
    data |= {"promotion_id": name} if "promotion_id" in data else {}
    if "reverses_source" in data:
        data["reverses_source"] += f"/{number}"
    return event | {"source": f"{event['source']}/{number}", "data": data}


def deliver(client: httpx.Client, events: list[dict[str, Any]], drawn: random.Random) -> None:
    while events:
        size = drawn.choice((1, 1, 2, 3))
        some, events = events[:size], events[size:]
        if size > 1:
            assert "rejected" not in sent_together(client, some)["outcomes"]
        else:
            way = drawn.choice((sent, sent_binary))
            assert way(client, some[0]).status_code == 200


def test_what_is_refused_is_kept_as_it_came_and_goes_through_again(shop: httpx.Client) -> None:
    """P10, P16: stable codes, the field named where it stands, nothing lost."""
    answer = sent(shop, used("1", reward_value="-1"))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] == "/data/reward_value"
    (problem,) = shop.get("/v1/problems?q=ann").json()["items"]
    assert problem["payload"]["as_cloudevent"] == used("1", reward_value="-1")
    assert (problem["customer_id"], problem["promotion_id"]) == ("ann", "p")
    assert problem["event_id"] == f"{SHOP}|1"
    assert shop.post("/v1/problems/replay", json={}).json()["outcomes"] == {"rejected": 1}
    (again,) = shop.get("/v1/problems").json()["items"]
    assert (again["pointer"], again["problem_id"]) == (problem["pointer"], problem["problem_id"])
    assert sent(shop, used("1")).json()["outcome"] == "counted"
    conflict = sent(shop, used("1", order_id="o"))
    assert (conflict.status_code, conflict.json()["code"]) == (409, "event_conflict")
    assert conflict.json()["errors"][0]["pointer"] == "/id"


def test_what_is_no_cloudevent_is_told_so(shop: httpx.Client) -> None:
    """P16: a caller's mistake is never a fault of ours, and what could not be read is kept."""
    for media, body, status in (
        ("application/cloudevents+avro", b"{}", 415),
        ("application/cloudevents", b"{}", 415),
        ("application/cloudevents+json", b"[]", 400),
        ("application/cloudevents+json", b"{", 400),
        ("application/cloudevents-batch+json", b"{}", 400),
        ("application/cloudevents+json", b"{}", 422),
        ("application/cloudevents+json", b'{"data": ' + b'{"a":' * 900 + b"1" + b"}" * 901, 422),
    ):
        answer = shop.post("/v1/redemptions", content=body, headers={"Content-Type": media})
        assert answer.status_code == status, (media, body[:20], answer.text)
    for event, more, status in (
        (used("1"), {"ce-specversion": "2.0"}, 422),
        (used("1"), {"ce-subject": "%ff"}, 400),
        (used("1"), {"Content-Type": "text/csv"}, 415),
        (used("1") | {"data": [1]}, {}, 400),
    ):
        assert sent_binary(shop, event, **more).status_code == status, more
    assert shop.post("/v1/assignments", content=b"{}", headers=ONE).status_code == 415
    kept = {one["reason"] for one in shop.get("/v1/problems").json()["items"]}
    assert kept == {"invalid"}
    assert len(shop.get("/v1/problems").json()["items"]) >= 6


def test_headers_say_what_a_body_alone_would_not(shop: httpx.Client) -> None:
    """A whole event of ours in the body is not taken for one of ours; quotes and blanks are minded."""
    own = {"event_id": "till-1", "promotion_id": "p", "customer_id": "ann"}
    own |= {"redeemed_at": "2026-10-09T12:00:00Z"}
    marked = shop.post("/v1/redemptions", json=own, headers={"ce-id": "7"})
    assert (marked.status_code, marked.json()["errors"][0]["pointer"]) == (422, "/specversion")
    quoted = {"ce-id": '"a\\"b"', "ce-subject": '"bob"'}
    answer = sent_binary(shop, used("1"), **quoted)
    assert answer.json()["event_id"] == f'{SHOP}|a"b'
    assert shop.post("/v1/redemptions", json=own).json()["outcome"] == "counted"


def test_an_idempotency_key_covers_the_envelope(shop: httpx.Client) -> None:
    """P3: the same body under another envelope is another request."""
    key = {"Idempotency-Key": "k"}
    first = sent_binary(shop, used("1"), **key)
    assert first.json()["outcome"] == "counted"
    assert sent_binary(shop, used("1"), **key).json() == first.json()
    assert sent_binary(shop, used("2"), **key).status_code == 422


def test_a_dry_run_changes_nothing(shop: httpx.Client) -> None:
    headers = ONE
    for _ in range(2):
        url = "/v1/redemptions?dry_run=true"
        answer = shop.post(url, content=json.dumps(used("1")), headers=headers).json()
        assert (answer["outcome"], answer["dry_run"]) == ("counted", True)
    assert figures(shop, "p")["redeemed"] == 0


def test_a_person_who_is_erased_is_in_no_refused_event(shop: httpx.Client) -> None:
    """P18: what was kept as it came goes too."""
    anna = "anna-0815@brand.example"
    assert sent(shop, used("1", anna, reward_value="-1")).status_code == 422
    assert sent(shop, used("2", anna) | {"data": [anna]}).status_code == 422
    assert anna in shop.get("/v1/problems").text
    assert shop.delete(f"/v1/customers/{anna}").status_code == 204
    assert anna not in shop.get("/v1/problems").text
    assert len(shop.get("/v1/problems").json()["items"]) == 2


def test_a_media_type_that_is_not_taken_is_told_all_that_are(shop: httpx.Client) -> None:
    """P16: of redemptions the forms of CloudEvents, too."""
    wrong = {"Content-Type": "application/xml"}
    answer = shop.post("/v1/redemptions", content=b"<e/>", headers=wrong)
    assert answer.status_code == 415
    for one in ("application/json", "text/csv", "application/cloudevents-batch+json"):
        assert one in answer.json()["detail"]
    elsewhere = shop.post("/v1/assignments", content=b"<e/>", headers=wrong)
    assert "cloudevents" not in elsewhere.json()["detail"]
