"""What was known then: a breakdown over HTTP as of a moment, after refunds, late reports and new terms."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from promosight.flows.figures.breakdowns import DIMENSIONS
from promosight.store.database import database
from promosight.store.tx import PostgresTx, SqliteTx
from tests.api.server import TRACKING_FROM, figures, promotion

TIERS = [{"tier_id": "gold", "name": "Gold"}, {"tier_id": "silver", "name": "Silver"}]


def moment() -> str:
    """Now: everything that was acknowledged has come before."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def post(client: httpx.Client, kind: str, *records: dict[str, Any]) -> None:
    answer = client.post(f"/v1/{kind}", json=list(records))
    assert answer.status_code == 200, answer.text


def assigned(customer_id: str, tier_id: str) -> dict[str, Any]:
    return {
        "promotion_id": "ladder",
        "customer_id": customer_id,
        "assigned_at": "2026-10-20T10:00:00Z",
        "assignment_id": f"a-{customer_id}",
        "tier_id": tier_id,
        "promo_code": f"CODE-{customer_id}",
    }


def redeemed(customer_id: str) -> dict[str, Any]:
    return {
        "event_id": f"e-{customer_id}",
        "promotion_id": "ladder",
        "customer_id": customer_id,
        "redeemed_at": "2026-10-21T10:00:00Z",
        "order_value": "60.00",
    }


def asked(client: httpx.Client, **params: str) -> dict[str, Any]:
    answer = client.get("/v1/promotions/ladder/breakdown", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_the_rate_that_was_reported_is_still_told_after_refunds_late_facts_and_another_name(
    client: httpx.Client,
) -> None:
    """N5: what stood in last week's report can be looked up, by every dimension, and what moved since is beside it."""
    promotion(client, "ladder", kind="tiered", tiers=TIERS)
    post(client, "assignments", assigned("ann", "gold"), assigned("bob", "gold"))
    post(client, "assignments", assigned("cat", "silver"))
    post(client, "redemptions", redeemed("ann"), redeemed("cat"))
    then = {by: asked(client, by=by) for by in DIMENSIONS}
    listed, at = figures(client, "ladder"), moment()

    refund = {"event_id": "r-1", "type": "reversal", "reverses": "e-ann"}
    post(client, "redemptions", refund | {"redeemed_at": "2026-10-25T10:00:00Z"})
    post(client, "assignments", assigned("dan", "gold"))
    post(client, "redemptions", redeemed("bob"), redeemed("eve"))
    assert client.delete("/v1/assignments/a-cat").status_code == 200
    promotion(client, "ladder", kind="tiered", tiers=TIERS, max_redemptions=2)

    for by in DIMENSIONS:
        found = asked(client, by=by, as_of=at)
        assert found == then[by] | {"as_of": at}
        sums = [sum(row[name] for row in found["rows"]) for name in ("assigned", "redeemed")]
        assert sums == [found["total"]["assigned"], found["total"]["redeemed"]]
    total = asked(client, by="tier", as_of=at)["total"]
    assert [total[one] for one in ("assigned", "redeemed", "rate", "reward_cost")] == [
        listed[one] for one in ("assigned", "redeemed", "rate", "reward_cost")
    ]
    assert (total["assigned"], total["redeemed"], total["reversed"]) == (3, 2, 0)
    now = asked(client, by="tier")
    assert now["as_of"] is None
    assert (now["total"]["assigned"], now["total"]["redeemed"], now["total"]["pending"]) == (
        3,
        1,
        1,
    )


def test_as_of_now_is_now_and_as_of_before_the_facts_is_a_dash(client: httpx.Client) -> None:
    """N5: nothing reported by then: no zero is claimed."""
    promotion(client, "ladder")
    before = moment()
    post(client, "assignments", assigned("ann", "gold"))
    post(client, "redemptions", redeemed("ann"))
    assert asked(client, by="segment", as_of=moment())["total"] == asked(client)["total"]
    found = asked(client, by="segment", as_of=before)
    assert (found["state"], found["total"]["display"], found["rows"]) == ("no_data", "-", [])


def test_pages_by_code_go_on_as_of_the_same_moment(client: httpx.Client) -> None:
    promotion(client, "ladder")
    post(client, "assignments", *(assigned(f"c{n}", "gold") for n in range(5)))
    post(client, "redemptions", redeemed("c3"))
    at = moment()
    post(client, "assignments", *(assigned(f"d{n}", "gold") for n in range(5)))
    post(client, "redemptions", redeemed("c1"))
    keys: list[tuple[str, int]] = []
    cursor: dict[str, str] | None = {}
    while cursor is not None:
        page = asked(client, by="code", limit="2", as_of=at, **cursor)
        assert page["total"]["assigned"] == 5
        keys += [(row["key"], row["redeemed"]) for row in page["rows"]]
        cursor = None if page["next"] is None else {"cursor": page["next"]}
    assert keys == [(f"CODE-c{n}", int(n == 3)) for n in range(5)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("yesterday", "RFC 3339"),
        ("2026-11-20T10:00:00", "has no offset"),
        ("2999-01-01T00:00:00Z", "lies in the future"),
        ("2026-09-30T23:59:59Z", "lies before the start of tracking"),
    ],
)
def test_a_moment_of_which_nothing_can_be_known_is_refused_by_name(
    client: httpx.Client, text: str, why: str
) -> None:
    """N5, S24: in the words in which decisions as of a moment are refused."""
    assert text < TRACKING_FROM or text > "2026-10"
    promotion(client, "ladder")
    answer = client.get("/v1/promotions/ladder/breakdown", params={"as_of": text})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["errors"][0]["pointer"] == "/as_of"
    assert why in answer.text


def test_before_the_promotion_was_there_is_refused_and_one_that_never_was_is_not_found(
    client: httpx.Client,
) -> None:
    """N5: an empty table would say that somebody looked and found nothing."""
    before = moment()
    promotion(client, "ladder")
    answer = client.get("/v1/promotions/ladder/breakdown", params={"as_of": before})
    assert answer.status_code == 422
    assert "lies before" in answer.text
    unknown = client.get("/v1/promotions/none/breakdown", params={"as_of": before})
    assert unknown.status_code == 404


def told(client: httpx.Client, path: str, **params: str) -> dict[str, Any]:
    """What a route of a promotion, or the list, answers, without the moment it was asked at."""
    answer = client.get(f"/v1/{path}", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    found.pop("as_of", None)
    return found


EVERYWHERE: tuple[tuple[str, dict[str, str]], ...] = (
    ("promotions", {"trend": "7", "sort": "-rate"}),
    ("promotions/ladder", {}),
    ("promotions/ladder/funnel", {}),
    ("promotions/ladder/return", {"horizon_days": "1"}),
    ("promotions/ladder/maturity", {}),
)


def test_lists_heads_funnels_returns_and_expectations_are_told_as_of_a_moment(
    client: httpx.Client, store_url: str
) -> None:
    """N5: with usage and its limit as they were, sorted and filtered by what was known; as JSON and as CSV."""
    assert store_url
    limits = [{"measure": "assignments", "amount": "4"}]
    promotion(client, "ladder", kind="tiered", tiers=TIERS, limits=limits)
    promotion(client, "other")
    post(client, "assignments", assigned("ann", "gold"), assigned("bob", "gold"))
    post(client, "redemptions", redeemed("ann"))
    then = [told(client, path, **params) for path, params in EVERYWHERE]
    table = client.get("/v1/promotions", params={"format": "csv"}).text
    at = moment()

    promotion(client, "ladder", kind="tiered", tiers=TIERS, name="Another name")
    promotion(client, "later")
    post(client, "assignments", *(assigned(f"c{n}", "gold") for n in range(5)))
    post(client, "redemptions", redeemed("bob"))
    client.post("/v1/promotions/other/archive")

    again = [told(client, path, **params, as_of=at) for path, params in EVERYWHERE]
    assert again == then
    assert again[0]["total"] == 2
    assert again[1]["figures"]["usage"][0]["committed"] == "2"
    assert client.get("/v1/promotions", params={"format": "csv", "as_of": at}).text == table
    named = client.get("/v1/promotions", params={"q": "another", "as_of": at}).json()
    assert (named["items"], named["as_of"]) == ([], at)
    compared = told(client, "compare", promotions="ladder", as_of=at)["items"][0]
    assert (compared["assigned"], compared["tiers"][0]["assigned"]) == (2, 2)


def test_why_figures_moved_since_is_told_by_cause_and_adds_up(client: httpx.Client) -> None:
    """N5: reversed, assigned late, redefined; each with what it did to the rate."""
    promotion(client, "ladder", kind="tiered", tiers=TIERS)
    post(client, "assignments", assigned("ann", "gold"), assigned("bob", "gold"))
    post(client, "redemptions", redeemed("ann"))
    at = moment()
    refund = {"event_id": "r-1", "type": "reversal", "reverses": "e-ann"}
    post(client, "redemptions", refund | {"redeemed_at": "2026-10-25T10:00:00Z"})
    post(client, "assignments", assigned("cat", "gold"), assigned("dan", "gold"))
    promotion(client, "ladder", kind="tiered", tiers=TIERS, name="Renamed")

    found = told(client, "promotions/ladder/moved", since=at)
    assert (found["then"]["total"]["rate"], found["now"]["total"]["rate"]) == (0.5, 0.0)
    causes = {one["kind"]: one for one in found["causes"]}
    assert causes.keys() == {"late_report", "reversal"}
    assert (causes["late_report"]["moved"]["assigned"], causes["late_report"]["facts"]) == (2, 2)
    assert causes["late_report"]["rate_change"] == -0.25
    assert (causes["reversal"]["moved"]["redeemed"], causes["reversal"]["rate_change"]) == (
        -1,
        -0.25,
    )
    assert found["moved"]["assigned"] == 2
    (redefined,) = found["redefined"]
    assert [one["name"] for one in redefined["fields"]] == ["name"]
    assert (found["erased"], found["days_moved"]) == (0, False)
    missing = client.get("/v1/promotions/ladder/moved")
    assert (missing.status_code, missing.json()["errors"][0]["pointer"]) == (422, "/since")


def test_usage_is_left_out_where_it_was_not_kept_when_reservations_ended(
    client: httpx.Client, store_url: str
) -> None:
    """N5: nothing is invented: the answer names what cannot be told of that moment."""
    promotion(client, "held", limits=[{"measure": "assignments", "amount": "4"}])
    wish = {"promotion_id": "held", "customer_id": "ann", "ttl_seconds": 600}
    made = client.post("/v1/reservations", json=wish).json()
    at = moment()
    client.post(f"/v1/reservations/{made['reservation_id']}/release")
    now = told(client, "promotions/held")["figures"]
    then = told(client, "promotions/held", as_of=at)["figures"]
    assert (then["usage"][0]["committed"], now["usage"][0]["committed"]) == ("1", "0")
    forget(store_url)
    then = told(client, "promotions/held", as_of=at)["figures"]
    assert (then["usage"], then["untold"]) == ([], ["usage"])
    liability = told(client, "promotions/held/funnel", as_of=at)["liability"]
    assert (liability["untold"], liability["reward_value"]) == (["reserved"], {"EUR": "0.00"})


def forget(store_url: str) -> None:
    """Makes reservations what older versions left of them."""
    base = database(store_url)
    tx = base.connect(write=True)
    base.begin(tx, write=True)
    assert isinstance(tx, SqliteTx | PostgresTx)
    tx.connection.execute("UPDATE reservation SET ended_us = NULL")
    base.end(tx, commit=True)
    base.close(tx)
