"""Dry runs: the whole flow, the same answers, and a store in which nothing has moved but the source's last test."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from promosight.store.database import database
from promosight.store.tx import Row
from tests.api.server import listed, new_workspace, promotion, serving
from tests.store.test_migrate import ask, columns

ASSIGNED, REDEEMED = "2026-11-02T12:00:00Z", "2026-11-03T12:00:00Z"


def assignment(customer_id: str, **more: Any) -> dict[str, Any]:
    return {"promotion_id": "p", "customer_id": customer_id, "assigned_at": ASSIGNED, **more}


def redemption(event_id: str, customer_id: str = "ann", **more: Any) -> dict[str, Any]:
    given = {"promotion_id": "p", "customer_id": customer_id, "redeemed_at": REDEEMED}
    return {"event_id": event_id, **given, **more}


EVENTS: list[dict[str, Any]] = [
    redemption("counts"),
    redemption("twice", "ann"),
    redemption("stranger", "nobody"),
    redemption("unknown", promotion_id="never"),
    redemption("early", redeemed_at="2020-01-01T00:00:00Z"),
    redemption("coded", "bob", promotion_id=None, promo_code="LATER"),
    redemption("old", "bob"),
    redemption("old", "bob", order_id="changed"),
    {"event_id": "undo", "type": "reversal", "reverses": "old"},
    {"event_id": "ahead", "type": "reversal", "reverses": "not yet"},
    {"event_id": "bare"},
]
ASSIGNMENTS: list[dict[str, Any]] = [
    assignment("new", promo_code="FRESH", segment="never seen"),
    assignment("ann", channels=["push"]),
    assignment("eve", promotion_id="undefined"),
    assignment("eve", reward_value="much"),
]
OF_ITSELF = {"source_test", "pace", "pace_hour", "pace_read"}
"""What a dry run is to leave behind; and what the server notes of hours that have ended, at its own time."""
KEPT_APART = {"activity": "WHERE outcome <> 'test'"}


@pytest.fixture
def brand(client: httpx.Client) -> httpx.Client:
    """A promotion in use, something that waits, and something refused."""
    promotion(client, "p")
    client.post("/v1/assignments", json=[assignment("ann"), assignment("bob")])
    client.post("/v1/redemptions", json=[redemption("old", "bob"), redemption("w", "x"), {}])
    return client


def contents(url: str) -> dict[str, list[Row]]:
    """Everything that lies in the store, but for what a dry run is to leave behind."""
    db = database(url)
    found: dict[str, list[Row]] = {}
    by_table: dict[str, list[str]] = {}
    for table, column, *_ in sorted(columns(url)):
        if column != "last_heard_us":
            by_table.setdefault(table, []).append(column)
    for table, names in by_table.items():
        if table not in OF_ITSELF:
            where = KEPT_APART.get(table, "")
            rows = ask(db, f"SELECT {', '.join(names)} FROM {table} {where}")
            found[table] = sorted(rows, key=repr)
    return found


def pages(brand: httpx.Client) -> list[object]:
    """What a brand sees of its figures, problems and customers."""
    alone = ("/v1/problems", "/v1/customers/x", "/v1/promotions/p")
    return [listed(brand), *(brand.get(page).content for page in alone)]


@pytest.mark.parametrize(
    ("door", "records"), [("assignments", ASSIGNMENTS), ("redemptions", EVENTS)]
)
def test_a_dry_run_answers_like_the_real_one_and_keeps_nothing(
    brand: httpx.Client, store_url: str, door: str, records: list[dict[str, Any]]
) -> None:
    """N15, S11, P2: same checks, matching and outcomes; figures, problems, customers, codes stay as they are."""
    before, seen = contents(store_url), pages(brand)
    url = f"/v1/{door}?outcomes=all"
    tried = [brand.post(f"{url}&dry_run=true", json=body) for body in (*records, records)]
    assert contents(store_url) == before
    assert pages(brand) == seen
    assert all(answer.json()["dry_run"] is True for answer in tried)
    real = brand.post(url, json=records)
    assert len(set(real.json()["outcomes"])) > 1
    assert timeless(real) == timeless(tried[-1])


def timeless(answer: httpx.Response) -> Any:
    """An answer without what differs between a rehearsal and the real thing."""
    said = answer.json()
    said.pop("dry_run", None)
    assert said.pop("unknown_fields", []) == []
    for line in said["results"]:
        del line["received_at"]
    return answer.status_code, said


def test_a_single_dry_run_has_the_status_of_the_real_one(brand: httpx.Client) -> None:
    """N15: what would be refused is refused, with the field named, and the test says so."""
    for body, status, outcome in (
        (redemption("a"), 200, "counted"),
        (redemption("old", "bob"), 200, "duplicate"),
        (redemption("old", "ann"), 409, "rejected"),
        (redemption("b", redeemed_at="2026-11-03T12:00:00"), 422, "rejected"),
    ):
        tried = brand.post("/v1/redemptions?dry_run=true", json=body)
        assert (tried.status_code, tried.json()["outcome"]) == (status, outcome)
        assert tried.json()["dry_run"] is True
        test = brand.get("/v1/sources").json()["items"][0]["test"]
        assert (test["event_id"], test["outcome"]) == (body["event_id"], outcome)
        assert test["customer_id"] == body["customer_id"]
        assert bool(test["detail"]) == (outcome == "rejected")
    assert brand.post("/v1/redemptions?dry_run=perhaps", json=redemption("a")).status_code == 422
    assert "dry_run" not in brand.post("/v1/redemptions?dry_run=false", json=redemption("a")).json()
    assert brand.get("/v1/events/a").json()["outcome"] == "counted"


def test_a_body_that_cannot_be_read_is_told_and_not_kept(
    brand: httpx.Client, store_url: str
) -> None:
    """N15: the first test of an integration is often no JSON at all: it is seen, and is no problem afterwards."""
    before = contents(store_url)
    tried = brand.post("/v1/redemptions?dry_run=true", content=b"event_id=1")
    assert tried.status_code == 400
    assert contents(store_url) == before
    test = brand.get("/v1/sources").json()["items"][0]["test"]
    assert (test["event_id"], test["outcome"], test["reason"]) == (None, "rejected", "invalid")
    assert brand.post("/v1/redemptions?dry_run=true", json=[]).json()["received"] == 0
    assert brand.get("/v1/sources").json()["items"][0]["test"] == test


def test_an_idempotency_key_keeps_the_answer_of_a_dry_run(brand: httpx.Client) -> None:
    """P3: sent twice it is run once; the real report under the same key is another request."""
    headers = {"Idempotency-Key": "once"}
    first = brand.post("/v1/redemptions?dry_run=true", json=redemption("k"), headers=headers)
    again = brand.post("/v1/redemptions?dry_run=true", json=redemption("k"), headers=headers)
    assert first.json()["outcome"] == "counted"
    assert again.json() == first.json()
    activity = brand.get("/v1/sources/default/activity?by=day").json()["items"]
    assert sum(item["outcomes"].get("test", 0) for item in activity) == 1
    real = brand.post("/v1/redemptions", json=redemption("k"), headers=headers)
    assert (real.status_code, real.json()["code"]) == (422, "idempotency_mismatch")


def test_dry_runs_beside_real_reports_leave_those_as_they_are(store_url: str) -> None:
    """P4, S5: each is undone by itself, whoever commits with it; no real event is lost or counted twice."""
    with serving(store_url, new_workspace(store_url)) as client:
        promotion(client, "p")
        client.post("/v1/assignments", json=[assignment(f"c{n}") for n in range(120)])

        def send(number: int) -> list[str]:
            query = "?dry_run=true" if number % 2 else ""
            outcomes = []
            for n in range(number // 2 * 20, number // 2 * 20 + 20):
                one = redemption(f"e{n}-{number}", f"c{n}")
                answer = client.post(f"/v1/redemptions{query}", json=one)
                outcomes.append(answer.json()["outcome"])
            return outcomes

        with ThreadPoolExecutor(12) as senders:
            heard = list(senders.map(send, range(12)))
        assert all(set(one) == {"counted"} for one in heard[::2])
        assert all(set(one) <= {"counted", "excess"} for one in heard[1::2])
        shown = client.get("/v1/promotions/p").json()["figures"]
        assert (shown["redeemed"], shown["redemptions"], shown["excess"]) == (120, 120, 0)


def test_a_dry_run_tells_the_names_that_are_kept_nowhere(brand: httpx.Client) -> None:
    """N15: a `rewardValue` is no field and would be lost without a word; a test event is where to learn of it."""
    dry = {"dry_run": "true"}
    one = redemption("camel", rewardValue="7.50", till="7", metadata={"anything": "goes"})
    told = brand.post("/v1/redemptions", params=dry, json=one).json()
    assert told["outcome"] == "counted"
    meant = {"pointer": "/rewardValue", "detail": "is no field here; did you mean reward_value?"}
    assert told["unknown_fields"][0] == meant
    assert [name["pointer"] for name in told["unknown_fields"]] == ["/rewardValue", "/till"]
    kept = brand.get("/v1/sources").json()["items"][0]["test"]
    assert kept["unknown_fields"] == told["unknown_fields"]
    refused = redemption("lost", promotion_id=None, promotionId="p")
    told = brand.post("/v1/redemptions", params=dry, json=refused).json()
    assert (told["code"], told["unknown_fields"][0]["pointer"]) == ("invalid", "/promotionId")
    people = [assignment("eve"), assignment("eve", Control=True)]
    told = brand.post("/v1/assignments", params=dry, json=people).json()
    assert [name["pointer"] for name in told["unknown_fields"]] == ["/1/Control"]
    assert brand.post("/v1/redemptions", params=dry, json=EVENTS).json()["unknown_fields"] == []
    assert brand.get("/v1/sources").json()["items"][0]["test"]["unknown_fields"] == []
    odd = b'[{"event_id": "\xff"}, {"till": "7"}, 5]'
    headers = {"Content-Type": "application/json"}
    assert brand.post("/v1/redemptions", params=dry, content=odd, headers=headers).status_code < 500
    assert "unknown_fields" not in brand.post("/v1/redemptions", json=one).json()
