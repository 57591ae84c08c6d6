"""The breakdown behind a percentage, as a marketer opens it: rungs, segments, days, funnel, and the people in a bar.

One brand for the whole file: a ladder of rewards in Vienna, across the night in October when the clocks go back.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from promosight.rules.rates import wilson
from tests.api.server import new_workspace, promotion, serving

LADDER = "/v1/promotions/ladder"
TIERS = [
    {"tier_id": "platinum", "name": "Platinum", "reward_value": "20.00"},
    {"tier_id": "gold", "name": "Gold", "reward_value": "10.00"},
    {"tier_id": "silver", "reward_value": "4.00"},
    {"tier_id": "bronze", "name": "Bronze", "reward_value": "1.00"},
]
GIVEN = {"platinum": (40, 35), "gold": (40, 12), "silver": (10, 1), None: (2, 0)}
"""By tier: how many were assigned, and how many of these redeemed."""
SAT, SUN, MON = "2026-10-24", "2026-10-25", "2026-10-26"
EXPIRED = {"platinum": 2, "gold": 20}
"""By tier: how many assignments nobody used have expired."""


@pytest.fixture(scope="module")
def brand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    url = f"sqlite:///{tmp_path_factory.mktemp('brand')}/promosight.db"
    with serving(url, new_workspace(url)) as client:
        assert client.patch("/v1/workspace", json={"time_zone": "Europe/Vienna"}).is_success
        promotion(client, "ladder", kind="tiered", tiers=TIERS)
        promotion(client, "new", kind="tiered", tiers=TIERS)
        people = [(tier, n) for tier, (count, _) in GIVEN.items() for n in range(count)]
        post(client, "assignments", [assignment(*one) for one in people])
        post(client, "redemptions", [redemption(*one) for one in people if is_redeemed(*one)])
        again = redemption("gold", 0) | {"event_id": "again", "campaign_id": "autumn"}
        post(client, "redemptions", [again])
        yield client


def is_redeemed(tier: str | None, n: int) -> bool:
    return n < GIVEN[tier][1]


def assignment(tier: str | None, n: int) -> dict[str, Any]:
    """On Saturday before midnight in Vienna (in UTC too), or half an hour after."""
    redeemed, expired = GIVEN[tier][1], EXPIRED.get(tier or "", 0)
    return {
        "promotion_id": "ladder",
        "customer_id": f"{tier}-{n}",
        "assigned_at": "2026-10-24T21:00:00Z" if n % 2 else "2026-10-24T22:30:00Z",
        "tier_id": tier,
        "segment": "vip" if tier == "platinum" else None,
        "channels": ["sms", "email"] if n % 4 == 0 else ["email"],
        "campaign_id": "autumn",
        "expires_at": "2026-11-10T00:00:00Z" if redeemed <= n < redeemed + expired else None,
    }


def redemption(tier: str | None, n: int) -> dict[str, Any]:
    """On the 25 hours of Sunday or on Monday, at the same hour of the clock."""
    return {
        "event_id": f"{tier}-{n}",
        "promotion_id": "ladder",
        "customer_id": f"{tier}-{n}",
        "redeemed_at": "2026-10-25T22:30:00Z" if n % 3 else "2026-10-25T23:30:00Z",
        "order_value": "50.00",
    }


def post(client: httpx.Client, kind: str, records: list[dict[str, Any]]) -> None:
    answer = client.post(f"/v1/{kind}", json=records)
    assert answer.status_code == 200, answer.text
    assert not answer.json()["outcomes"].keys() - {"counted", "excess"}


def rows(client: httpx.Client, by: str, **more: str) -> list[dict[str, Any]]:
    answer = client.get(f"{LADDER}/breakdown", params={"by": by, **more})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found


def people(client: httpx.Client, **asked: str) -> list[dict[str, Any]]:
    answer = client.get(f"{LADDER}/customers", params={"format": "ndjson", **asked})
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def test_every_rung_is_there_in_its_order_with_its_name_and_rate(brand: httpx.Client) -> None:
    """S32, S34, S39: which tiers are taken up most, by generosity; one that nobody was given is there at zero."""
    found = rows(brand, "tier")
    assert [(row["key"], row["name"]) for row in found] == [
        ("platinum", "Platinum"),
        ("gold", "Gold"),
        ("silver", None),
        ("bronze", "Bronze"),
        (None, None),
    ]
    for row in found:
        assigned, redeemed = GIVEN.get(row["key"], (0, 0))
        assert (row["assigned"], row["redeemed"]) == (assigned, redeemed)
        assert row["rate"] == (redeemed / assigned if assigned else None)
        interval = wilson(redeemed, assigned)
        assert row["interval"] == (None if interval is None else list(interval))
        assert row["enough"] == (assigned >= 30)
    assert [row["display"] for row in found] == ["87.5%", "30%", "10%", "-", "0%"]
    assert [row["reward_cost"] for row in found[:4:3]] == [{"EUR": "700.00"}, {"EUR": "0.00"}]


def test_rungs_of_a_promotion_without_facts_wait_at_zero(brand: httpx.Client) -> None:
    answer = brand.get("/v1/promotions/new/breakdown?by=tier").json()
    assert [row["key"] for row in answer["rows"]] == [tier["tier_id"] for tier in TIERS]
    assert {row["display"] for row in answer["rows"]} == {"-"}
    assert not any(row["assigned"] for row in answer["rows"])


@pytest.mark.parametrize("date", ["assigned", "redeemed"])
@pytest.mark.parametrize(
    "by",
    ["tier", "segment", "channel", "campaign", "source", "code", "outcome", "day", "week", "month"],
)
def test_rows_sum_to_the_total_and_the_total_is_the_cell(
    brand: httpx.Client, by: str, date: str
) -> None:
    """S22: what a click on the percentage opens reconciles with it; rungs at zero change no sum."""
    answer = brand.get(f"{LADDER}/breakdown", params={"by": by, "date": date}).json()
    cell = brand.get(LADDER).json()["figures"]
    for measure in ("assigned", "redeemed", "redemptions", "excess", "unassigned", "flagged"):
        assert sum(row[measure] for row in answer["rows"]) == answer["total"][measure]
        assert answer["total"][measure] == cell[measure]
    for shown in ("rate", "display", "reward_cost", "order_value"):
        assert answer["total"][shown] == cell[shown]
    assert {"key", "name", "interval", "enough"} <= answer["total"].keys()


def test_segments_that_redeemed_more_are_seen(brand: httpx.Client) -> None:
    """S37: each segment with its own denominator, and those without one last."""
    assert [(row["key"], row["assigned"], row["display"]) for row in rows(brand, "segment")] == [
        ("vip", 40, "87.5%"),
        (None, 52, "25%"),
    ]


def test_days_are_the_workspaces_by_assignment_or_by_redemption(brand: httpx.Client) -> None:
    """S22: cohorts of assignment carry a rate, days of redemption do not; both across the change of the clocks."""
    cohorts = rows(brand, "day")
    assert [(row["key"], row["assigned"], row["redeemed"]) for row in cohorts] == [
        (SAT, 46, 23),
        (SUN, 46, 25),
        (MON, 0, 0),
    ]
    assert cohorts[2]["excess"] == 1  # took no assignment, so it counts on its own day
    assert all(row["rate"] == row["redeemed"] / row["assigned"] for row in cohorts[:2])
    days = rows(brand, "day", date="redeemed")
    assert {row["key"]: row["redeemed"] for row in days} == {SAT: 0, SUN: 31, MON: 17}
    assert {row["key"]: row["redemptions"] for row in days} == {SAT: 0, SUN: 31, MON: 18}
    assert {row["rate"] for row in days} == {None}
    weeks = rows(brand, "week", date="redeemed")
    assert {row["key"]: row["redeemed"] for row in weeks} == {"2026-10-19": 31, MON: 17}
    months = rows(brand, "month")
    assert [(row["key"], row["assigned"]) for row in months] == [("2026-10", 92)]


def test_the_funnel_divides_the_cell(brand: httpx.Client) -> None:
    """S20, S22, S27: who redeemed, who still may, who never will; what else happened beside it."""
    found = brand.get(f"{LADDER}/funnel").json()
    cell = brand.get(LADDER).json()["figures"]
    assert (
        (found["assigned"], found["redeemed"]) == (cell["assigned"], cell["redeemed"]) == (92, 48)
    )
    assert (found["open"], found["expired"]) == (22, 22)
    assert (found["redemptions"], found["excess"], found["state"]) == (49, 1, "tracked")
    assert found["as_of"].endswith("Z")
    untouched = brand.get("/v1/promotions/new/funnel").json()
    assert (untouched["state"], untouched["assigned"], untouched["open"]) == ("no_data", 0, 0)
    assert brand.get("/v1/promotions/none/funnel").status_code == 404


def test_the_funnel_says_what_is_still_promised(brand: httpx.Client) -> None:
    """P7, S24: the liability: 3 of 20 euros, 8 of 10, 9 of 4, and 2 without a tier of 5."""
    found = brand.get(f"{LADDER}/funnel").json()
    promised = {"without_value": 0, "reserved": 0, "reward_value": {"EUR": "186.00"}}
    assert found["liability"] == promised | {"assignments": found["open"], "reward_units": {}}
    asked = {"as_of": found["as_of"]}
    assert brand.get(f"{LADDER}/funnel", params=asked).json()["liability"] == found["liability"]
    untouched = brand.get("/v1/promotions/new/funnel").json()["liability"]
    assert (untouched["assignments"], untouched["reward_value"]) == (0, {"EUR": "0.00"})


@pytest.mark.parametrize(
    "by", ["tier", "segment", "channel", "campaign", "source", "day", "week", "month"]
)
def test_behind_every_bar_are_as_many_customers_as_it_counts(brand: httpx.Client, by: str) -> None:
    """S26, S27, S38: assigned, redeemed or not, and redemptions too many."""
    for row in rows(brand, by):
        bar = {"by": by, "key": row["key"] or ""}
        for status in ("assigned", "redeemed", "excess"):
            assert len(people(brand, status=status, **bar)) == row[status], (bar, status)
        left = {one["customer_id"] for one in people(brand, status="unredeemed", **bar)}
        parts = [people(brand, status=status, **bar) for status in ("open", "expired")]
        assert left == {one["customer_id"] for part in parts for one in part}
        assert len(left) == row["assigned"] - row["redeemed"]


def test_behind_a_day_of_redemption_are_those_who_redeemed_on_it(brand: httpx.Client) -> None:
    """S27: by the day of the first redemption; that is also what is meant when no status is named."""
    for by in ("day", "week", "month"):
        for row in rows(brand, by, date="redeemed"):
            bar = {"by": by, "key": row["key"], "date": "redeemed"}
            found = people(brand, **bar)
            assert len(found) == row["redeemed"]
            assert {one["status"] for one in found} <= {"redeemed"}
            assert people(brand, status="redeemed", **bar) == found
            assert len(people(brand, status="excess", **bar)) == row["excess"]


def test_a_bar_is_told_by_its_very_key(brand: httpx.Client) -> None:
    """Several channels of one assignment make one key; an empty key is the row without one."""
    both = people(brand, by="channel", key="email+sms")
    assert {one["channel"] for one in both} == {"email+sms"}
    assert {one["tier_id"] for one in people(brand, by="tier", key="")} == {None}
    assert people(brand, by="tier", key="bronze") == people(brand, by="source", key="nobody") == []
    table = brand.get(f"{LADDER}/customers?by=tier&key=silver&status=redeemed&format=csv")
    found = list(csv.DictReader(io.StringIO(table.text)))
    assert [(one["customer_id"], one["status"]) for one in found] == [("silver-0", "redeemed")]
    assert found[0]["redeemed_at"] == "2026-10-25T23:30:00Z"


def test_a_repeated_assignment_stays_in_the_row_of_its_channels(client: httpx.Client) -> None:
    """N1: also where a channel is called as the key of several would be."""
    promotion(client, "p")
    told = {"promotion_id": "p", "customer_id": "ann", "assigned_at": "2026-10-05T08:00:00Z"}
    for said in ("sms+email", "sms+email", "email", "sms+email"):
        client.post("/v1/assignments", json=told | {"channel": said})
    assert channel_rows(client) == [("email+sms", 1)]


@pytest.mark.parametrize("size", [1, 1_500])
def test_a_channel_told_later_is_kept_with_the_assignment(client: httpx.Client, size: int) -> None:
    """S26, N1: and what comes to its customer afterwards finds it there."""
    promotion(client, "p")
    told = [
        {"promotion_id": "p", "customer_id": f"c{n}", "assigned_at": "2026-10-05T08:00:00Z"}
        for n in range(size)
    ]
    for said in ("sms", "email", "sms"):
        client.post("/v1/assignments", json=[one | {"channel": said} for one in told])
    assert channel_rows(client) == [("email+sms", size)]
    used = {"event_id": "e", "promotion_id": "p", "customer_id": "c0"}
    client.post("/v1/redemptions", json=used | {"redeemed_at": "2026-10-06T08:00:00Z"})
    client.post("/v1/assignments", json=told[0] | {"occurrence": "2", "channel": "push"})
    assert channel_rows(client) == [("email+sms", size), ("push", 1)]
    audience = client.get(
        "/v1/promotions/p/customers", params={"by": "channel", "key": "email+sms"}
    )
    assert len(audience.text.splitlines()) == 1 + size


def channel_rows(client: httpx.Client) -> list[tuple[str, int]]:
    rows = client.get("/v1/promotions/p/breakdown", params={"by": "channel"}).json()["rows"]
    return sorted((row["key"], row["assigned"]) for row in rows)


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"status": "rich"}, "/status"),
        ({"by": "code", "key": "x"}, "/by"),
        ({"by": "outcome", "key": "counted"}, "/by"),
        ({"by": "", "key": "gold"}, "/by"),
        ({"by": "tier"}, "/key"),
        ({"by": "tier", "key": "a\tb"}, "/key"),
        ({"by": "tier", "key": "\x00"}, "/key"),
        ({"by": "tier", "key": "x" * 300}, "/key"),
        ({"by": "day", "key": "yesterday"}, "/key"),
        ({"by": "week", "key": SAT}, "/key"),
        ({"by": "month", "key": ""}, "/key"),
        ({"by": "day", "key": SAT, "date": "expired"}, "/date"),
        ({"by": "day", "key": SAT, "date": "redeemed", "status": "open"}, "/status"),
        ({"by": "day", "key": SAT, "date": "redeemed", "status": "assigned"}, "/status"),
        ({"key": "gold"}, "/key"),
        ({"date": "redeemed"}, "/date"),
        ({"by": "tier", "key": "gold", "format": "pdf"}, "/format"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_by_its_name(
    brand: httpx.Client, asked: dict[str, str], pointer: str
) -> None:
    """P16: the field is named."""
    answer = brand.get(f"{LADDER}/customers", params=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer


def test_rows_are_never_cut_off_where_they_have_no_pages(client: httpx.Client) -> None:
    """S22: rows add up to the total, so only codes, of which there may be thousands, come in pages."""
    promotion(client, "p")
    for query, pointer, word in (
        ({"by": "tier", "limit": "5"}, "/limit", "rows by tier come all at once"),
        ({"by": "day", "cursor": "x"}, "/cursor", "rows by day come all at once"),
        ({"by": "tiers", "limit": "5"}, "/by", "must be one of tier"),
    ):
        refused = client.get("/v1/promotions/p/breakdown", params=query)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == pointer
        assert word in refused.json()["detail"]
