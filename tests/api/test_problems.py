"""The problem inbox over HTTP: found by kind or id, exported whole, explained to a marketer, sent through again."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import httpx
import pytest

from promosight.flows.reporting import replay
from promosight.rules.reasons import ADVICE
from tests.api.server import new_workspace, promotion, serving
from tests.api.test_keys import new_key

AT = "2026-11-03T12:00:00Z"


def redemption(event_id: str, **more: Any) -> dict[str, Any]:
    given = {"promotion_id": "p", "customer_id": "ann", "redeemed_at": AT}
    return {"event_id": event_id, **given, **more}


@pytest.fixture
def brand(client: httpx.Client) -> httpx.Client:
    """Problems of every form, from two sources."""
    promotion(client, "p")
    client.post("/v1/sources", json={"name": "till"})
    till = new_key(client, "redemptions:write", source="till")
    waits = {"promotion_id": "undefined", "customer_id": "bob", "assigned_at": AT}
    client.post("/v1/assignments", json=[waits, {**waits, "assignment_id": "mine"}])
    told = [redemption("stranger"), redemption("typo", promotion_id="undefined")]
    client.post("/v1/redemptions", json=told)
    told = [
        redemption("bare", redeemed_at=None),
        redemption("=cmd", customer_id="=evil()", redeemed_at="yesterday"),
        {"event_id": "ahead", "type": "reversal", "reverses": "not yet"},
    ]
    client.post("/v1/redemptions", json=told, headers=till)
    return client


def found(client: httpx.Client, **asked: Any) -> list[str]:
    """The ids of the problems asked for."""
    answer = client.get("/v1/problems", params=asked)
    assert answer.status_code == 200, answer.text
    return [item["event_id"] for item in answer.json()["items"]]


def test_problems_are_found_by_kind_and_by_the_id_of_an_event_customer_or_promotion(
    brand: httpx.Client,
) -> None:
    """P10, S9: see: what cannot be matched is listed, with its payload, its reason and what to do."""
    everything = brand.get("/v1/problems").json()
    assert len(everything["items"]) == 7
    assert sum(count["count"] for count in everything["counts"]) == 7
    for item in everything["items"]:
        assert item["advice"] == ADVICE[item["reason"]]
        assert item["detail"]
    derived = next(i for i in found(brand, q="bob") if i.startswith("asg-"))
    assert sorted(found(brand, q="bob")) == sorted([derived, "mine"])
    assert found(brand, q=derived) == [derived]
    assert found(brand, q="mine") == ["mine"]
    assert sorted(found(brand, q="undefined")) == sorted([derived, "mine", "typo"])
    assert sorted(found(brand, q="p")) == ["=cmd", "bare", "stranger"]
    assert sorted(found(brand, q=" ann ")) == ["bare", "stranger", "typo"]
    assert found(brand, q="=evil()") == ["=cmd"]
    assert found(brand, q="ahead") == ["ahead"]
    assert found(brand, q="nobody") == found(brand, q="an") == []
    assert len(found(brand, q="")) == 7
    assert sorted(found(brand, outcome="rejected")) == ["=cmd", "bare"]
    assert sorted(found(brand, outcome="rejected", q="ann")) == ["bare"]
    assert sorted(found(brand, source="till")) == ["=cmd", "ahead", "bare"]
    assert found(brand, reason="unknown_customer") == ["stranger"]
    assert len(found(brand, reason="unknown_promotion")) == 3
    assert found(brand, source="none") == found(brand, outcome="counted") == []


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_follow_each_other_whatever_they_are_made_of(brand: httpx.Client, limit: int) -> None:
    """P10: each problem once, in one order, whichever form it has."""
    whole = brand.get("/v1/problems").json()["items"]
    seen: list[Any] = []
    asked: dict[str, Any] = {"limit": limit}
    while True:
        page = brand.get("/v1/problems", params=asked).json()
        seen += page["items"]
        if page["next"] is None:
            break
        asked["cursor"] = page["next"]
    assert seen == whole


def test_all_problems_are_exported_as_csv_that_no_spreadsheet_runs(brand: httpx.Client) -> None:
    """P10, S9: exportable, with what was sent and what to do."""
    answer = brand.get("/v1/problems", params={"format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert "problems.csv" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert list(rows[0]) == [
        *("received_at", "source", "kind", "outcome", "reason", "event_id", "promotion_id"),
        *("customer_id", "detail", "advice", "payload"),
    ]
    items = brand.get("/v1/problems").json()["items"]
    assert [row["received_at"] for row in rows] == [item["received_at"] for item in items]
    evil = next(row for row in rows if row["customer_id"].endswith("evil()"))
    assert (evil["event_id"], evil["customer_id"]) == ("'=cmd", "'=evil()")
    assert json.loads(evil["payload"])["redeemed_at"] == "yesterday"
    by_accept = brand.get("/v1/problems?source=till", headers={"Accept": "text/csv"})
    assert len(list(csv.DictReader(io.StringIO(by_accept.text)))) == 3
    wrong = brand.get("/v1/problems?format=xml")
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/format")


def test_an_assignment_that_waits_shows_all_that_was_said_of_it(client: httpx.Client) -> None:
    """P2, P10: it keeps its payload, like an event."""
    said = {
        "promotion_id": "undefined",
        "customer_id": "bob",
        "assigned_at": AT,
        "assignment_id": "a",
        "tier_id": "gold",
        "segment": "vip",
        "promo_code": "BOB-1",
        "channels": ["email", "sms"],
        "reward_value": "5.00",
        "currency": "EUR",
        "expires_at": "2026-12-03T12:00:00Z",
        "max_redemptions": 2,
        "attributes": {"wave": 3},
        "campaign_id": "k",
        "occurrence": "first",
        "decision_id": "d",
    }
    assert client.post("/v1/assignments", json=said).json()["outcome"] == "pending"
    (problem,) = client.get("/v1/problems").json()["items"]
    assert problem["payload"] == said
    assert (problem["promotion_id"], problem["customer_id"]) == ("undefined", "bob")


def test_what_is_no_outcome_is_refused(brand: httpx.Client) -> None:
    """P10: it would be answered that there are none."""
    for answer in (
        brand.get("/v1/problems", params={"outcome": "pendin"}),
        brand.post("/v1/problems/replay", json={"outcome": "reject"}),
    ):
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/outcome")


def test_a_cursor_that_is_none_of_ours_is_refused(brand: httpx.Client) -> None:
    for cursor in ("", "bm9uZQ==", "WzEsICJldmVudCJd", "WzEsICJldmVudC8xL2FcdTAwMDAiXQ=="):
        for answer in (
            brand.get("/v1/problems", params={"cursor": cursor}),
            brand.post("/v1/problems/replay", json={"cursor": cursor}),
        ):
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/cursor")


def test_whoever_may_report_sends_what_was_mended_through_again(client: httpx.Client) -> None:
    """P10: fix, replay in bulk: by id or by filter, and never what needs no replay."""
    promotion(client, "p")
    wrong = [redemption(f"w{n}", redeemed_at="2026-13-01") for n in range(4)]
    client.post("/v1/redemptions", json=[*wrong, redemption("waits")])
    key = new_key(client, "redemptions:write")

    def again(**asked: Any) -> Any:
        answer = client.post("/v1/problems/replay", json=asked, headers=key)
        assert answer.status_code == 200, answer.text
        return answer.json()

    nothing = {"replayed": 0, "outcomes": {}, "left": 0, "next": None}
    assert again(outcome="pending") == again(q="nobody") == again(ids=["event/1/w1"]) == nothing
    assert again(ids=["rejection/1/x", "rejection/1/2/3", "rejection/1/5", ""]) == nothing
    rejected = {"replayed": 4, "outcomes": {"rejected": 4}, "left": 0, "next": None}
    assert again() == again(outcome="rejected") == again(reason="invalid", q="p") == rejected
    first = client.get("/v1/problems?q=w1").json()["items"][0]["problem_id"]
    assert again(ids=[first, first])["replayed"] == 1
    assert again(ids=[first], reason="backdated") == nothing
    assert len(found(client, outcome="rejected")) == 4
    too_many = client.post("/v1/problems/replay", json={"ids": ["x"] * 10_001})
    assert (too_many.status_code, too_many.json()["errors"][0]["pointer"]) == (422, "/ids")
    reader = new_key(client, "reports:read")
    assert client.post("/v1/problems/replay", json={}, headers=reader).status_code == 403


def test_how_often_something_was_refused_does_not_depend_on_how_it_was_sent(
    client: httpx.Client,
) -> None:
    """N1: alone, in one batch or in several, each refusal counts once."""
    promotion(client, "p")
    wrong = redemption("w", redeemed_at="2026-13-01")
    assert client.post("/v1/redemptions", json=wrong).status_code == 422
    client.post("/v1/redemptions", json=[wrong, redemption("waits"), wrong, wrong])
    client.post("/v1/redemptions", json=[wrong, wrong])
    (kept,) = client.get("/v1/problems?outcome=rejected").json()["items"]
    assert kept["times"] == 6


def test_a_long_replay_says_what_is_left_and_goes_on_from_there(store_url: str) -> None:
    """P10: so many in one transaction; every one of them is reached though none of them is mended."""
    with serving(store_url, new_workspace(store_url)) as client:
        rows = [redemption(f"w{n}", redeemed_at="never") for n in range(replay.MAX_REPLAY)]
        for some in (rows, [redemption(f"v{n}", redeemed_at="never") for n in range(25)]):
            assert client.post("/v1/redemptions", json=some).json()["outcomes"] == {
                "rejected": len(some)
            }
        first = client.post("/v1/problems/replay", json={}).json()
        assert (first["replayed"], first["left"]) == (replay.MAX_REPLAY, 25)
        rest = client.post("/v1/problems/replay", json={"cursor": first["next"]}).json()
        assert (rest["replayed"], rest["left"], rest["next"]) == (25, 0, None)
        table = client.get("/v1/problems?format=csv").text
        assert len(table.splitlines()) == 1 + replay.MAX_REPLAY + 25


def test_a_refused_event_is_one_problem_in_whatever_form_it_comes_again(
    client: httpx.Client,
) -> None:
    """P2, N1: the inbox, too, does not depend on forms, batches and the number of deliveries."""
    old = redemption("old", redeemed_at="2001-01-01T00:00:00Z")
    cells = sorted(old.items(), reverse=True)
    forms = [
        ("application/json", json.dumps(old)),
        ("application/json", json.dumps([dict(cells)], indent=2)),
        ("application/x-ndjson", "\n" + json.dumps({**old, "channel": None}) + "\n"),
        ("text/csv", "\n".join(",".join(column) for column in zip(*cells, strict=True))),
    ]
    for media_type, body in forms:
        client.post("/v1/redemptions", content=body, headers={"Content-Type": media_type})
    (kept,) = client.get("/v1/problems").json()["items"]
    assert (kept["event_id"], kept["reason"], kept["times"]) == ("old", "backdated", len(forms))
