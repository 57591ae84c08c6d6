"""Lists: filtered, sorted by any figure, page by page; audiences as files; the problem inbox and its replay."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import httpx
import pytest

from promosight.flows.figures import Figures
from tests.api.offers import promotion

ASSIGNED = "2026-11-02T12:00:00Z"
REDEEMED = "2026-11-03T12:00:00Z"


def redemptions(promotion_id: str, *customers: str) -> list[dict[str, str]]:
    return [
        {
            "event_id": f"{promotion_id}-{customer}",
            "promotion_id": promotion_id,
            "customer_id": customer,
            "redeemed_at": REDEEMED,
        }
        for customer in customers
    ]


def assignments(promotion_id: str, *customers: str, **more: Any) -> list[dict[str, Any]]:
    return [
        {"promotion_id": promotion_id, "customer_id": c, "assigned_at": ASSIGNED, **more}
        for c in customers
    ]


def post(client: httpx.Client, kind: str, records: list[dict[str, Any]]) -> None:
    answer = client.post(f"/v1/{kind}", json=records)
    assert answer.status_code == 200, answer.text


@pytest.fixture
def brand(client: httpx.Client) -> httpx.Client:
    """Three promotions, of which two were assigned and one was used more than the other."""
    promotion(client, "alpha", kind="tiered", name="Alpha")
    promotion(client, "beta", name="Beta", code="BETA")
    promotion(client, "gamma", status="draft", name="Gamma")
    post(client, "assignments", assignments("alpha", "ann", "bob", "=cat", tier_id="gold"))
    post(client, "assignments", assignments("beta", "ann", "bob"))
    post(client, "redemptions", redemptions("alpha", "ann"))
    post(client, "redemptions", redemptions("beta", "ann", "bob"))
    return client


def ids(client: httpx.Client, **query: Any) -> list[str]:
    answer = client.get("/v1/promotions", params=query)
    assert answer.status_code == 200, answer.text
    return [item["promotion_id"] for item in answer.json()["items"]]


def test_promotions_are_filtered_and_sorted_by_any_figure(brand: httpx.Client) -> None:
    """S17, S23, S24: the list shows performance at a glance; what has no value comes last either way."""
    assert ids(brand) == ["alpha", "beta", "gamma"]
    assert ids(brand, sort="-rate") == ["beta", "alpha", "gamma"]
    assert ids(brand, sort="rate") == ["alpha", "beta", "gamma"]
    assert ids(brand, sort="-assigned") == ["alpha", "beta", "gamma"]
    assert ids(brand, sort="-reward_cost") == ["beta", "alpha", "gamma"]
    assert ids(brand, status="draft") == ["gamma"]
    assert ids(brand, kind="tiered") == ["alpha"]
    assert ids(brand, q="bet") == ["beta"]
    assert ids(brand, status="draft", kind="tiered") == []
    for figure in Figures.__struct_fields__:
        for field in (figure, f"-{figure}"):
            assert sorted(ids(brand, sort=field)) == ["alpha", "beta", "gamma"]


def test_pages_are_followed_by_their_cursor_to_the_end(brand: httpx.Client) -> None:
    for path in ("/v1/promotions?sort=-rate", "/v1/problems"):
        whole = brand.get(path).json()["items"]
        seen: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            more = f"&cursor={cursor}" if cursor else ""
            joined = f"{path}{'&' if '?' in path else '?'}limit=1{more}"
            page = brand.get(joined).json()
            assert len(page["items"]) <= 1
            seen += page["items"]
            cursor = page["next"]
        assert seen == whole


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 1000])
def test_a_breakdown_by_code_comes_in_pages_whose_rows_sum_to_the_total(
    client: httpx.Client, limit: int
) -> None:
    promotion(client, "alpha", name="Alpha")
    given = assignments("alpha", "ann", "bob", "cat", "dan")
    for one, code in zip(given, ("B-2", "A-1", "C-3"), strict=False):
        one["promo_code"] = code
    post(client, "assignments", given)
    told = redemptions("alpha", "bob", "dan", "eve")
    told[2]["promo_code"] = "D-4"
    post(client, "redemptions", told)
    path = "/v1/promotions/alpha/breakdown"
    rows: list[dict[str, Any]] = []
    asked: dict[str, str | int] = {"by": "code", "limit": limit}
    while True:
        page = client.get(path, params=asked).json()
        assert 1 <= len(page["rows"]) <= limit
        rows += page["rows"]
        if page["next"] is None:
            break
        asked["cursor"] = page["next"]
    assert [row["key"] for row in rows][:3] == ["A-1", "B-2", "C-3"]
    assert rows[-1]["key"] is None or rows[-1]["key"] == "D-4"
    assert rows == client.get(path, params={"by": "code"}).json()["rows"]
    for measure in ("assigned", "redeemed", "redemptions", "unassigned", "pending"):
        assert sum(row[measure] for row in rows) == page["total"][measure]


def test_only_rows_by_code_come_in_pages(brand: httpx.Client) -> None:
    path = "/v1/promotions/alpha/breakdown"
    refused: list[dict[str, str]] = [
        {"by": "tier", "limit": "10"},
        {"by": "code", "cursor": "b25lCg=="},
    ]
    for wrong in refused:
        answer = brand.get(path, params=wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
    assert brand.get(path, params={"by": "tier"}).json()["next"] is None


def test_an_audience_is_streamed_as_csv_or_ndjson(brand: httpx.Client) -> None:
    """S26, S27, S38: who was assigned, who redeemed, who did not, ready for the next campaign."""

    def audience(status: str) -> list[str]:
        answer = brand.get(f"/v1/promotions/alpha/customers?status={status}&format=ndjson")
        return sorted(json.loads(line)["customer_id"] for line in answer.text.splitlines())

    assert audience("assigned") == ["=cat", "ann", "bob"]
    assert audience("redeemed") == ["ann"]
    assert audience("open") == ["=cat", "bob"]
    assert audience("expired") == audience("excess") == []
    table = brand.get("/v1/promotions/alpha/customers", headers={"Accept": "text/csv"})
    assert table.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert {row["customer_id"] for row in rows} == {"'=cat", "ann", "bob"}  # no formula runs
    assert {row["tier_id"] for row in rows} == {"gold"}
    wrong = brand.get("/v1/promotions/alpha/customers?status=rich")
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/status")


def test_problems_are_mended_and_sent_through_again(client: httpx.Client) -> None:
    """P10: see, fix, replay in bulk: events of a draft need no replay, a corrected sender's do."""
    promotion(client, "p", code="SPRING")
    promotion(client, "q")
    given = [{"event_id": "e", "customer_id": "ann", "redeemed_at": REDEEMED, "promotion_id": "q"}]
    given[0]["promo_code"] = "AUTUMN"
    post(client, "redemptions", given)
    listed = client.get("/v1/problems").json()
    assert listed["counts"]
    assert listed["items"][0]["detail"]
    promotion(client, "q", code="AUTUMN")
    said = client.post("/v1/problems/replay", json={}).json()
    assert said["outcomes"].keys() <= {"pending", "unassigned"}
    assert client.get("/v1/events/e").json()["promotion_id"] == "q"


def test_a_customer_is_put_and_found_again(client: httpx.Client) -> None:
    """S10: putting a customer makes it known, and what waited for it is matched."""
    promotion(client, "p")
    post(client, "redemptions", redemptions("p", "ann"))
    assert client.get("/v1/customers/ann").json()["known"] is False
    profile = {"segments": ["loyal"], "attributes": {"since": 2019}, "opt_outs": ["mail"]}
    assert client.put("/v1/customers/ann", json=profile).status_code == 201
    assert client.put("/v1/customers/ann", json=profile).status_code == 200
    found = client.get("/v1/customers/ann").json()
    assert found == {"customer_id": "ann", "known": True, **profile}
    assert client.get("/v1/events/p-ann").json()["outcome"] == "unassigned"
    assert client.get("/v1/customers/bob").status_code == 404


def test_a_withdrawn_assignment_leaves_the_rate(brand: httpx.Client) -> None:
    found = brand.get("/v1/promotions/alpha/customers?status=open&format=ndjson").text
    assignment_id = json.loads(found.splitlines()[0])["assignment_id"]
    for _ in range(2):
        assert brand.delete(f"/v1/assignments/{assignment_id}").status_code == 200
    assert brand.get("/v1/promotions/alpha").json()["figures"]["display"] == "50%"
    assert brand.delete("/v1/assignments/none").status_code == 404


def test_settings_change_but_the_start_of_tracking_never(brand: httpx.Client) -> None:
    """S40, S42: days move with the zone; the start of tracking is set once."""
    moved = brand.patch("/v1/workspace", json={"time_zone": "Asia/Tokyo", "currency": "JPY"})
    assert (moved.json()["time_zone"], moved.json()["currency"]) == ("Asia/Tokyo", "JPY")
    assert brand.patch("/v1/workspace", json={"time_zone": "Mars/Base"}).status_code == 422
    earlier = brand.patch("/v1/workspace", json={"tracking_from": "2020-01-01T00:00:00Z"})
    assert (earlier.status_code, earlier.json()["code"]) == (409, "tracking_fixed")
