"""Lists: filtered, sorted by any figure, page by page; audiences as files; the problem inbox and its replay."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from promosight.api.routes import ROUTES
from promosight.flows.figures.of_promotions import Figures
from tests.api.offers import promotion
from tests.api.server import new_workspace, serving
from tests.conftest import await_morning

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


def furnish(client: httpx.Client) -> None:
    """Three promotions, of which two were assigned and one was used more than the other."""
    promotion(client, "alpha", kind="tiered", name="Alpha")
    promotion(client, "beta", name="Beta", code="BETA")
    promotion(client, "gamma", status="draft", name="Gamma")
    post(client, "assignments", assignments("alpha", "ann", "bob", "=cat", tier_id="gold"))
    post(client, "assignments", assignments("beta", "ann", "bob"))
    post(client, "redemptions", redemptions("alpha", "ann"))
    post(client, "redemptions", redemptions("beta", "ann", "bob"))


@pytest.fixture
def brand(client: httpx.Client) -> httpx.Client:
    """A brand of the test's own, on either store."""
    furnish(client)
    return client


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The same brand and one promotion more, for tests that only look at it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('lists')}/promosight.db"
    with serving(url, new_workspace(url)) as client:
        furnish(client)
        promotion(client, "=1+1", name='=HYPERLINK("x")')
        yield client


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


def test_every_list_takes_up_to_a_thousand_at_once(shown: httpx.Client) -> None:
    paged = [r.path for r in ROUTES if {"limit", "cursor"} <= set(r.query) and r.method == "GET"]
    assert "/v1/promotions/{promotion_id:str}/restatements" in paged
    for path in paged:
        named = re.sub(r"{\w+:str}", "alpha", path)
        asked = {"limit": "1000"} | ({"by": "code"} if path.endswith("breakdown") else {})
        assert shown.get(named, params=asked).status_code in (200, 404), path
        wrong = shown.get(named, params=asked | {"limit": "1001"})
        assert wrong.status_code == 404 or wrong.json()["errors"][0]["pointer"] == "/limit", path


def test_a_page_begins_anywhere_and_says_how_many_there_are(shown: httpx.Client) -> None:
    """S23, P9: what a table needs to turn to any page; and as of when its figures are."""
    began = datetime.now(UTC)
    page = shown.get("/v1/promotions?sort=-rate&offset=1&limit=1").json()
    assert [item["promotion_id"] for item in page["items"]] == ["alpha"]
    assert page["total"] == 4
    assert began < datetime.fromisoformat(page["as_of"]) < datetime.now(UTC)
    following = shown.get(f"/v1/promotions?sort=-rate&limit=1&cursor={page['next']}").json()
    assert [item["promotion_id"] for item in following["items"]] == ["=1+1"]
    assert shown.get("/v1/promotions?q=bet").json()["total"] == 1
    assert shown.get("/v1/promotions?offset=9").json()["items"] == []
    for query, field in (
        ("offset=-1", "offset"),
        ("offset=x", "offset"),
        (f"offset=1&cursor={page['next']}", "offset"),
        ("trend=6", "trend"),
        ("trend=91", "trend"),
        ("format=pdf", "format"),
        ("limit=0", "limit"),
        ("limit=1_0", "limit"),
        ("limit=%D9%A5", "limit"),
        ("limit=" + "1" * 5_000, "limit"),
    ):
        wrong = shown.get(f"/v1/promotions?{query}")
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, f"/{field}")


def test_whatever_changes_between_pages_what_stays_is_met_once(client: httpx.Client) -> None:
    """S23: who works off a list (archives each promotion of a page, and asks for the next) leaves none out."""
    post(client, "assignments", assignments("p0", "ann"))
    for n in range(6):
        promotion(client, f"p{n}", name=f"N{n // 2}", status="active")
    post(client, "redemptions", redemptions("p0", "ann"))
    for field in (
        "promotion_id",
        "-promotion_id",
        "name",
        "-name",
        "rate",
        "-order_value",
        "starts_at",
    ):
        asked = {"status": "active", "limit": "2", "sort": field}
        whole, met = ids(client, **asked | {"limit": "9"}), []
        while True:
            page = client.get("/v1/promotions", params=asked).json()
            met += [item["promotion_id"] for item in page["items"]]
            for gone in met[-2:]:
                client.post(f"/v1/promotions/{gone}/deactivate")
            promotion(client, "p", name="A", status="active")
            promotion(client, "q", name="Z", status="active")
            if page["next"] is None:
                break
            asked["cursor"] = page["next"]
        assert [one for one in met if one[1:]] == whole, field
        for one, verb in (
            *((one, "activate") for one in whole),
            ("p", "deactivate"),
            ("q", "deactivate"),
        ):
            assert client.post(f"/v1/promotions/{one}/{verb}").status_code == 200


def test_a_cursor_is_of_one_order(shown: httpx.Client) -> None:
    named = shown.get("/v1/promotions?sort=name&limit=1").json()["next"]
    for cursor in (
        named,
        "b9",
        "bzE=",
        "e30=",
        "W10=",
        "WyJ4IiwxLDJd",
        "WyItcmF0ZSIsIngiLDFd",
        "[" * 99,
    ):
        wrong = shown.get("/v1/promotions", params={"sort": "-rate", "cursor": cursor})
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/cursor"), cursor


def test_a_rate_carries_its_interval(shown: httpx.Client) -> None:
    """S18: of few assignments it is wide, and a dash has none."""
    items = shown.get("/v1/promotions").json()["items"]
    intervals = {item["promotion_id"]: item["figures"]["interval"] for item in items}
    assert intervals["alpha"] == pytest.approx([0.0615, 0.7923], abs=1e-4)  # 1 of 3, by Wilson
    assert intervals["beta"] == pytest.approx([0.3424, 1.0], abs=1e-4)
    assert intervals["gamma"] is None


def test_a_trend_has_the_live_redemptions_of_each_day(client: httpx.Client) -> None:
    """S12, S23: by day of redemption in the workspace's zone, today last; what is reversed is not among them."""
    client.patch("/v1/workspace", json={"time_zone": "Asia/Tokyo"})
    promotion(client, "alpha")
    promotion(client, "beta")
    await_morning(ZoneInfo("Asia/Tokyo"))
    today = datetime.now(ZoneInfo("Asia/Tokyo")).replace(hour=0, minute=0, second=1)
    days = (0, 0, 1, 1, 6, 6, 7)
    told = redemptions("alpha", *(f"c{n}" for n in range(len(days))))
    for one, back in zip(told, days, strict=True):
        one["redeemed_at"] = (today - timedelta(days=back)).isoformat()
    post(client, "redemptions", told)
    undone = {"event_id": "r", "type": "reversal", "reverses": "alpha-c4"}
    post(client, "assignments", assignments("alpha", *(one["customer_id"] for one in told)))
    post(client, "redemptions", [undone])
    items = client.get("/v1/promotions?trend=7").json()["items"]
    trends = {item["promotion_id"]: item["trend"] for item in items}
    assert trends == {"alpha": [1, 0, 0, 0, 0, 2, 2], "beta": [0] * 7}
    longer = client.get("/v1/promotions?trend=90&q=alpha").json()["items"][0]
    assert longer["trend"] == [0] * 82 + [1, 1, 0, 0, 0, 0, 2, 2]
    assert sum(longer["trend"]) == longer["figures"]["redemptions"]
    rows = client.get("/v1/promotions/alpha/breakdown?by=day&date=redeemed").json()["rows"]
    by_day = [row["redemptions"] for row in rows if row["redemptions"]]
    assert by_day == [count for count in longer["trend"] if count]
    assert "trend" not in client.get("/v1/promotions").json()["items"][0]


def test_the_whole_list_is_had_as_a_table(shown: httpx.Client) -> None:
    """S23, P12: all rows that match, in the order asked for, and no cell that runs as a formula."""
    asked = "/v1/promotions?sort=-rate&limit=1"
    named = shown.get(f"{asked}&format=csv")
    assert named.headers["content-type"].startswith("text/csv")
    assert "attachment" in named.headers["content-disposition"]
    assert shown.get(asked, headers={"Accept": "text/csv"}).content == named.content
    rows = list(csv.DictReader(io.StringIO(named.text, newline="")))
    assert [row["promotion_id"] for row in rows] == ["beta", "alpha", "'=1+1", "gamma"]
    assert rows[2]["name"] == """'=HYPERLINK("x")"""
    item = shown.get("/v1/promotions/alpha").json()
    alpha = rows[1]
    assert float(alpha["rate"]) == item["figures"]["rate"]
    assert [float(alpha["rate_low"]), float(alpha["rate_high"])] == item["figures"]["interval"]
    assert int(alpha["customers_assigned"]) == item["figures"]["customers"]["assigned"]
    assert (alpha["code"], rows[0]["code"]) == ("", "BETA")
    filtered = shown.get("/v1/promotions?format=csv&status=draft").text
    assert [row["name"] for row in csv.DictReader(io.StringIO(filtered))] == ["Gamma"]


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


@pytest.mark.parametrize(
    ("path", "name", "wanted"),
    [
        ("sources", "name", {"name": "till {}"}),
        ("keys", "key_id", {"name": "k{}", "scopes": ["reports:read"]}),
        (
            "users",
            "email",
            {"email": "u{}@brand.example", "role": "viewer", "password": "long enough {}"},
        ),
        (
            "webhooks",
            "webhook_id",
            {"url": "https://w{}.example.com", "events": ["redemption.counted"]},
        ),
        ("mappings", "mapping_id", {"field": "promotion_id", "word": "w{}", "promotion_id": "p"}),
        ("views", "view_id", {"name": "v{}", "query": "q=tea", "shared": True}),
        ("shops", "shop_id", {"source": "web {}", "kind": "shopify"}),
    ],
)
def test_short_lists_come_page_by_page_too(
    client: httpx.Client, path: str, name: str, wanted: dict[str, Any]
) -> None:
    """The contract: lists take `limit` and the `next` of the page before; none is met twice or left out."""
    promotion(client, "p")
    for n in range(5):
        client.post("/v1/sources", json={"name": f"web {n}"})
        body = json.loads(json.dumps(wanted).replace("{}", str(n)))
        assert client.post(f"/v1/{path}", json=body).status_code == 201
    whole = client.get(f"/v1/{path}").json()
    assert (len(whole["items"]) >= 5, whole["next"]) == (True, None)
    met: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = client.get(f"/v1/{path}", params={"limit": "2", **cursor}).json()
        met += page["items"]
        if page["next"] is None:
            break
        assert len(page["items"]) == 2
        cursor = {"cursor": page["next"]}
    assert [one[name] for one in met] == [one[name] for one in whole["items"]]
    for odd in (
        {"limit": "0"},
        {"limit": "1001"},
        {"cursor": "none"},
        {"cursor": "WzFd"},
        {"cursor": "W10="},
    ):
        assert client.get(f"/v1/{path}", params=odd).status_code == 422
