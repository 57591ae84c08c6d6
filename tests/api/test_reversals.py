"""Reversals: full and partial, before or after their redemption, in the list, the breakdown, the CSV and the log."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import pytest

from tests.api.server import figures, promotion

GIVEN, USED, UNDONE = "2026-10-05T08:00:00Z", "2026-10-09T12:00:00Z", "2026-10-12T12:00:00Z"
LIMIT = {"measure": "reward", "amount": "100.00"}


def give(client: httpx.Client, customers: list[str], **more: Any) -> None:
    """Assigns promotion `p`, worth five euros, with a budget of 100."""
    promotion(client, "p", limits=[LIMIT], **more)
    given = [
        {"promotion_id": "p", "customer_id": c, "assigned_at": GIVEN, "assignment_id": f"a-{c}"}
        for c in customers
    ]
    assert client.post("/v1/assignments", json=given).json()["outcomes"] == {
        "counted": len(customers)
    }


def redeem(client: httpx.Client, event_id: str, customer: str, **more: Any) -> dict[str, Any]:
    told = {
        "event_id": event_id,
        "promotion_id": "p",
        "customer_id": customer,
        "redeemed_at": USED,
        "order_value": "40.00",
        **more,
    }
    return sent(client, told)


def reverse(client: httpx.Client, event_id: str, reverses: str, **more: Any) -> dict[str, Any]:
    told = {"event_id": event_id, "type": "reversal", "reverses": reverses, "redeemed_at": UNDONE}
    return sent(client, told | more)


def sent(client: httpx.Client, told: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/v1/redemptions", json=told)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def shown(client: httpx.Client) -> dict[str, Any]:
    """What list, breakdown and CSV say alike of `p`."""
    whole = figures(client, "p")
    parts = client.get("/v1/promotions/p/breakdown", params={"by": "day", "date": "redeemed"})
    total = parts.json()["total"]
    text = client.get("/v1/promotions", params={"format": "csv"}).text
    (row,) = [one for one in csv.DictReader(io.StringIO(text)) if one["promotion_id"] == "p"]
    for name in ("assigned", "redeemed", "redemptions", "excess", "reversed"):
        assert total[name] == whole[name] == int(row[name]), name
        assert sum(one[name] for one in parts.json()["rows"]) == whole[name], name
    assert total["reward_cost"] == whole["reward_cost"]
    assert total["rate"] == whole["rate"] == float(row["rate"])
    usage: Any = whole["usage"]
    return {
        "redeemed": whole["redeemed"],
        "redemptions": whole["redemptions"],
        "reversed": whole["reversed"],
        "rate": whole["rate"],
        "cost": whole["reward_cost"]["EUR"],  # type: ignore[index]
        "orders": whole["order_value"]["EUR"],  # type: ignore[index]
        "spent": usage[0]["redeemed"],
    }


def log(client: httpx.Client, **asked: Any) -> list[dict[str, Any]]:
    """The restatement log of `p`."""
    answer = client.get("/v1/promotions/p/restatements", params=asked)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def moved(changes: dict[str, Any]) -> dict[str, Any]:
    """What is not zero."""
    return {name: value for name, value in changes.items() if value}


def test_a_full_reversal_takes_back_the_redemption_its_value_and_its_order(
    client: httpx.Client,
) -> None:
    """P5: the rate falls, the budget has the value back, and the log says why."""
    give(client, ["ann", "ben"])
    redeem(client, "e1", "ann")
    redeem(client, "e2", "ben")
    assert shown(client)["spent"] == "10.00"
    assert reverse(client, "r1", "e1")["outcome"] == "counted"
    assert shown(client) == {
        "redeemed": 1,
        "redemptions": 1,
        "reversed": 1,
        "rate": 0.5,
        "cost": "5.00",
        "orders": "40.00",
        "spent": "5.00",
    }
    entry = log(client)[0]
    assert (entry["kind"], entry["source"], entry["event_id"]) == ("reversal", "default", "r1")
    assert entry["reason"] == "redemption e1 was reversed in full"
    day = {"day": "2026-10-09", "ended": True}
    change: dict[str, Any] = {"redeemed": -1, "redemptions": -1, "reversed": 1}
    change |= {"reward_cost": {"EUR": "-5.00"}, "order_value": {"EUR": "-40.00"}}
    assert moved(entry["total"]) == change
    assert [moved(one) for one in entry["days"]] == [change | day]


def test_a_partial_reversal_gives_value_back_and_leaves_the_rate(client: httpx.Client) -> None:
    """P5: by value; when parts reach the whole, the redemption is reversed."""
    give(client, ["ann", "ben"])
    redeem(client, "e1", "ann", reward_value="5.00")
    reverse(client, "r1", "e1", reward_value="2.00")
    said = shown(client)
    assert (said["rate"], said["cost"], said["spent"]) == (0.5, "3.00", "3.00")
    assert (said["redemptions"], said["reversed"]) == (1, 0)
    entry = log(client)[0]
    assert entry["kind"] == "partial_reversal"
    assert moved(entry["total"]) == {"reward_cost": {"EUR": "-2.00"}}
    reverse(client, "r2", "e1", reward_value="3.00")
    said = shown(client)
    assert (said["rate"], said["cost"], said["reversed"], said["spent"]) == (0.0, "0.00", 1, "0.00")
    assert [one["kind"] for one in log(client)][:2] == ["reversal", "partial_reversal"]


@pytest.mark.parametrize(("value", "cost", "rate"), [(None, "0.00", 0.0), ("2.00", "3.00", 1.0)])
def test_a_reversal_ahead_of_its_redemption_counts_the_same(
    client: httpx.Client, value: str | None, cost: str, rate: float
) -> None:
    """P5, P6: it waits, and takes effect when the redemption comes; nothing told before moved then."""
    give(client, ["ann"])
    more = {} if value is None else {"reward_value": value}
    waiting = reverse(client, "r1", "e1", **more)
    assert (waiting["outcome"], waiting["reason"]) == ("pending", "unknown_original")
    redeem(client, "e1", "ann")
    said = shown(client)
    assert (said["cost"], said["rate"], said["spent"]) == (cost, rate, cost)
    assert {one["kind"] for one in log(client)} == {"late_report"}


@pytest.mark.parametrize("issued", ["personal", "pool", "shared"])
def test_a_reversal_ahead_names_a_code_that_nobody_has_issued_yet(
    client: httpx.Client, issued: str
) -> None:
    """P5, P6: the code says nothing of where it lies; it waits for its redemption alone."""
    code = {"promo_code": "TEA-7"}
    reverse(client, "r1", "e1", customer_id="ann", **code)
    give(client, ["ann"], code="TEA-7" if issued == "shared" else None)
    if issued == "personal":
        own = {"promotion_id": "p", "customer_id": "ann", "assigned_at": GIVEN, "occurrence": "2"}
        assert client.post("/v1/assignments", json=own | code).json()["outcome"] == "counted"
    elif issued == "pool":
        table = {"Content-Type": "text/csv"}
        loaded = client.post("/v1/promotions/p/codes", content="code\nTEA-7\n", headers=table)
        assert loaded.status_code == 201
    waits = client.get("/v1/events/r1").json()
    assert (waits["outcome"], waits["reason"]) == ("pending", "unknown_original")
    sent(client, {"event_id": "e1", "customer_id": "ann", "redeemed_at": USED} | code)
    assert client.get("/v1/events/r1").json()["outcome"] == "counted"
    said = shown(client)
    assert (said["redemptions"], said["reversed"], said["cost"]) == (0, 1, "0.00")


def test_the_rate_falls_only_when_no_live_redemption_is_left(client: httpx.Client) -> None:
    """P5: of two uses of one assignment the first is reversed, then the other; each only once."""
    give(client, ["ann"], max_redemptions=2)
    redeem(client, "e1", "ann")
    redeem(client, "e2", "ann")
    reverse(client, "r1", "e1")
    assert shown(client)["rate"] == 1.0
    assert reverse(client, "r1", "e1")["outcome"] == "duplicate"
    said = shown(client)
    assert (said["rate"], said["redemptions"], said["reversed"], said["cost"]) == (
        1.0,
        1,
        1,
        "5.00",
    )
    reverse(client, "r2", "e2")
    assert shown(client)["rate"] == 0.0


def test_a_reversal_frees_the_assignment_for_another_redemption(client: httpx.Client) -> None:
    """P5: what was one too many is counted now, and the log names the reversal for both."""
    give(client, ["ann"])
    redeem(client, "e1", "ann")
    assert redeem(client, "e2", "ann")["outcome"] == "excess"
    reverse(client, "r1", "e1")
    said = shown(client)
    assert (said["rate"], said["redemptions"], said["reversed"], said["cost"]) == (
        1.0,
        1,
        1,
        "5.00",
    )
    entry = log(client)[0]
    assert entry["event_id"] == "r1"
    change = moved(entry["total"])
    assert (change["redemptions"], change["excess"], change["reversed"]) == (-1, -1, 1)
    assert "redeemed" not in change


def test_a_late_assignment_and_a_withdrawal_are_in_the_log(client: httpx.Client) -> None:
    """P6, S27: an unassigned redemption is counted once its assignment comes, and not when that is withdrawn."""
    give(client, ["ann"])
    client.put("/v1/customers/ben", json={})
    assert redeem(client, "e1", "ben")["outcome"] == "unassigned"
    given = {"promotion_id": "p", "customer_id": "ben", "assigned_at": GIVEN, "tier_id": "gold"}
    client.post("/v1/assignments", json=given | {"assignment_id": "a-ben"})
    late, entry = log(client)[0:2]
    kinds = {one["kind"]: one for one in (late, entry)}
    change = moved(kinds["late_assignment"]["total"])
    assert change == {"redeemed": 1, "unassigned": -1}
    assert moved(kinds["late_report"]["total"])["assigned"] == 1
    client.delete("/v1/assignments/a-ben")
    entry = log(client)[0]
    assert (entry["kind"], entry["event_id"]) == ("withdrawal", "a-ben")
    change = moved(entry["total"])
    assert change == {"assigned": -1, "redeemed": -1, "unassigned": 1}
    assert {one["tier_id"] for one in entry["days"]} >= {"gold"}


def test_new_terms_are_one_entry(client: httpx.Client) -> None:
    """S23: what a change of terms moved, for all customers together."""
    give(client, ["ann", "ben"])
    for customer in ("ann", "ben"):
        redeem(client, f"{customer}-1", customer)
        redeem(client, f"{customer}-2", customer)
    client.patch("/v1/promotions/p", json={"max_redemptions": 2})
    entry = log(client)[0]
    assert (entry["kind"], entry["event_id"]) == ("terms", None)
    assert moved(entry["total"]) == {"excess": -2}


def test_the_log_comes_in_pages_and_as_csv(client: httpx.Client) -> None:
    """P24, S28: the newest first; the table has a row for each day."""
    give(client, [f"c{n}" for n in range(5)])
    for n in range(5):
        redeem(client, f"e{n}", f"c{n}")
        reverse(client, f"r{n}", f"e{n}")
    page = client.get("/v1/promotions/p/restatements", params={"limit": 3}).json()
    assert [one["event_id"] for one in page["items"]] == ["r4", "e4", "r3"]
    rest = log(client, cursor=page["next"], limit=100)
    assert rest[0]["event_id"] == "e3"
    assert len(rest) == 8  # with the assignments
    text = client.get("/v1/promotions/p/restatements", params={"format": "csv"}).text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert (rows[0]["kind"], rows[0]["redeemed"], rows[0]["day"]) == (
        "reversal",
        "-1",
        "2026-10-09",
    )
    assert rows[0]["reward_cost"] == '{"EUR":"-5.00"}'
    assert len(rows) == 11


def test_a_retried_reversal_and_unknown_cursors(client: httpx.Client) -> None:
    """P3: what came before moves nothing and is not told twice; what is no cursor is the caller's mistake."""
    give(client, ["ann"])
    assert log(client)[0]["kind"] == "late_report"
    redeem(client, "e1", "ann")
    reverse(client, "r1", "e1")
    before = log(client)
    redeem(client, "e1", "ann")
    reverse(client, "r1", "e1")
    assert log(client) == before
    for asked in ({"cursor": "x"}, {"limit": 0}, {"format": "xml"}):
        answer = client.get("/v1/promotions/p/restatements", params=asked)
        assert answer.status_code == 422, answer.text
    assert client.get("/v1/promotions/none/restatements").status_code == 404


def test_a_part_in_another_currency_takes_nothing_off(client: httpx.Client) -> None:
    """P5: nothing is converted, so it is refused by its field, whichever came first; a whole one counts."""
    give(client, ["ann", "bob", "cid"])
    early = {"event_id": "r0", "type": "reversal", "reverses": "e0", "reward_value": "2.00"}
    assert sent(client, early | {"currency": "USD"})["outcome"] == "pending"
    redeem(client, "e0", "ann")
    redeem(client, "e1", "bob", currency="EUR")
    redeem(client, "e2", "cid", currency="GBP")
    wrong = {"event_id": "r1", "type": "reversal", "reverses": "e1", "reward_value": "2.00"}
    answer = client.post("/v1/redemptions", json=wrong | {"currency": "JPY"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/currency"]
    assert "currency of the redemption" in answer.json()["detail"]
    assert figures(client, "p")["reward_cost"] == {"EUR": "10.00", "GBP": "5.00"}
    problems = client.get("/v1/problems", params={"reason": "invalid"}).json()["items"]
    assert {(one["event_id"], one["pointer"]) for one in problems} == {
        ("r0", "/currency"),
        ("r1", "/currency"),
    }
    assert reverse(client, "r1", "e1", reward_value="2.00")["outcome"] == "counted"  # corrected
    assert reverse(client, "r2", "e2", reward_value="1.00", currency="GBP")["outcome"] == "counted"
    assert figures(client, "p")["reward_cost"] == {"EUR": "8.00", "GBP": "4.00"}
    assert reverse(client, "r3", "e2", currency="EUR")["outcome"] == "counted"
    assert figures(client, "p")["reward_cost"] == {"EUR": "8.00"}


def test_a_redemption_that_says_no_currency_is_in_that_of_its_assignment(
    client: httpx.Client,
) -> None:
    """S24, P5: also where that comes late, 4.50 USD are not spent as 4.50 EUR, and a part of them is in USD."""
    give(client, ["ann"])
    assert client.put("/v1/customers/bob", json={}).status_code == 201
    redeem(client, "e0", "bob")
    part = {"event_id": "r0", "type": "reversal", "reverses": "e0", "redeemed_at": UNDONE}
    answer = client.post("/v1/redemptions", json=part | {"reward_value": "1.50", "currency": "USD"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert figures(client, "p")["reward_cost"] == {"EUR": "5.00"}
    worth = {"assignment_id": "a-bob", "reward_value": "4.50", "currency": "USD"}
    told = worth | {"promotion_id": "p", "customer_id": "bob", "assigned_at": GIVEN}
    assert client.post("/v1/assignments", json=told).json()["outcome"] == "counted"
    assert figures(client, "p")["reward_cost"] == {"EUR": "0.00", "USD": "3.00"}
    assert figures(client, "p")["order_value"] == {"EUR": "40.00"}


def test_of_points_any_currency_may_be_told(client: httpx.Client) -> None:
    """S24: a unit stays what it is, whatever currency the order was paid in."""
    give(client, ["ann"], reward={"type": "unit", "unit": "points", "value": "50"})
    redeem(client, "e1", "ann", currency="EUR")
    assert reverse(client, "r1", "e1", reward_value="20", currency="USD")["outcome"] == "counted"
    assert figures(client, "p")["reward_units"] == {"points": "30"}


def test_the_field_that_contradicts_the_redemption_is_named(client: httpx.Client) -> None:
    """P2, P5: promotion, customer or code; in the answer and among the problems."""
    give(client, ["ann", "bob"])
    promotion(client, "other", code="OTHER")
    redeem(client, "e1", "ann")
    undo = {"type": "reversal", "reverses": "e1"}
    used = {"promotion_id": "p", "customer_id": "ann", "redeemed_at": USED}
    told = {
        "/promotion_id": {"event_id": "r1", "promotion_id": "other", **undo},
        "/customer_id": {"event_id": "r2", "customer_id": "bob", **undo},
        "/promo_code": {"event_id": "e2", "promo_code": "OTHER", **used},
    }
    answers = {
        field: client.post("/v1/redemptions", json=one).json() for field, one in told.items()
    }
    found = client.get("/v1/problems", params={"reason": "identifier_conflict"}).json()["items"]
    among = {one["event_id"]: one["pointer"] for one in found}
    for field, answer in answers.items():
        assert answer["code"] == "identifier_conflict"
        assert [one["pointer"] for one in answer["errors"]] == [field]
        assert among[told[field]["event_id"]] == field
    batch = client.post("/v1/redemptions", json=list(told.values())).json()
    assert [one["pointer"] for one in batch["problems"]] == [
        f"/{index}{field}" for index, field in enumerate(told)
    ]


def test_a_reversal_is_shown_in_the_currency_of_its_redemption(client: httpx.Client) -> None:
    """Of a redemption that waits, too: never in none."""
    give(client, ["ann"])
    redeem(client, "e1", "ann", currency="GBP")
    reverse(client, "r1", "e1")
    reverse(client, "r2", "unheard-of", currency="CHF")
    waits = {"event_id": "e3", "promotion_id": "unheard-of", "customer_id": "ann"}
    assert sent(client, {**waits, "redeemed_at": USED, "currency": "SEK"})["outcome"] == "pending"
    shown_in = {
        one: client.get(f"/v1/events/{one}").json()["currency"] for one in ("r1", "r2", "e3")
    }
    assert shown_in == {"r1": "GBP", "r2": "CHF", "e3": "SEK"}


def test_points_taken_back_are_points_in_the_life_of_a_customer(client: httpx.Client) -> None:
    """S44: a reversal says no unit, its redemption does."""
    give(client, ["ann"], reward={"type": "unit", "unit": "points", "value": "50"})
    redeem(client, "e1", "ann", currency="EUR")
    reverse(client, "r1", "e1", reward_value="20")
    items = client.get("/v1/customers/ann/timeline").json()["items"]
    (undone,) = [one for one in items if one["kind"] == "reversal"]
    assert (undone["reward"], undone["currency"]) == ("20", "points")
