"""Sources over HTTP: set up, tried out, live, heard, overdue; and what came of what each sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx

from tests.api.server import promotion
from tests.api.test_keys import new_key
from tests.api.test_set_up import ASSIGNMENT, EVENT

HOUR = timedelta(hours=1)


def source(client: httpx.Client, name: str) -> dict[str, Any]:
    """A source as the list shows it."""
    items = client.get("/v1/sources").json()["items"]
    found: dict[str, Any] = next(one for one in items if one["name"] == name)
    return found


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_source_is_set_up_and_tried_out_and_its_going_live_is_recorded_once(
    client: httpx.Client,
) -> None:
    """S4, S40, N15: name it, give it a key, see its test event land, let it go live."""
    promotion(client, "p")
    made = client.post("/v1/sources", json={"name": "till", "cadence": "hourly", "live": False})
    assert made.status_code == 201
    nothing = dict.fromkeys(("live_since", "last_heard_at", "due_at", "test"))
    wanted = {"name": "till", "cadence": "hourly", "state": "setup", "overdue": False, **nothing}
    assert made.json() == wanted | {"created_at": made.json()["created_at"]}
    key = new_key(client, "redemptions:write", "assignments:write", source="till")
    tried = client.post("/v1/redemptions?dry_run=true", json=EVENT, headers=key)
    assert tried.json()["dry_run"] is True
    shown = source(client, "till")
    assert shown["test"] == {
        "event_id": "e1",
        "outcome": "pending",
        "reason": "unknown_customer",
        "detail": "nothing but redemptions names this customer yet; it counts once one does",
        "received_at": shown["last_heard_at"],
        "promotion_id": "p",
        "customer_id": "ann",
        "unknown_fields": [],
    }
    assert (shown["state"], shown["overdue"], shown["due_at"]) == ("setup", False, None)

    live = client.patch("/v1/sources/till", json={"live": True}).json()
    assert (live["state"], live["test"]) == ("live", shown["test"])
    assert moment(live["due_at"]) - moment(live["live_since"]) == 2 * HOUR
    again = client.patch("/v1/sources/till", json={"live": True, "cadence": "daily"}).json()
    assert again["live_since"] == live["live_since"]
    assert moment(again["due_at"]) - moment(live["live_since"]) == 26 * HOUR
    back = client.patch("/v1/sources/till", json={"live": False})
    assert (back.status_code, back.json()["code"]) == (409, "already_live")
    assert back.json()["errors"][0]["pointer"] == "/live"
    assert source(client, "till") == again
    period = {"from": "2026-11-01T00:00:00Z", "to": "2026-11-04T00:00:00Z"}
    assert client.post("/v1/sources/till/coverage", json=period, headers=key).status_code == 201
    heard = source(client, "till")
    assert heard["last_heard_at"] > shown["last_heard_at"]  # nothing to report is a report
    assert moment(heard["due_at"]) - moment(heard["last_heard_at"]) == 26 * HOUR


def test_the_default_source_and_those_that_do_not_say_otherwise_are_live_at_once(
    client: httpx.Client,
) -> None:
    """S40: enabling records the start; live false on what is not live yet changes nothing."""
    assert source(client, "default")["state"] == "live"
    made = client.post("/v1/sources", json={"name": "till"}).json()
    assert (made["state"], made["live_since"], made["cadence"]) == (
        "live",
        made["created_at"],
        "realtime",
    )
    assert moment(made["due_at"]) - moment(made["live_since"]) == 6 * HOUR
    client.post("/v1/sources", json={"name": "other", "live": False})
    assert client.patch("/v1/sources/other", json={"live": False}).json()["state"] == "setup"
    assert client.patch("/v1/sources/other", json={}).json()["state"] == "setup"
    assert client.patch("/v1/sources/none", json={"live": True}).status_code == 404
    for wrong in ({"live": "yes"}, {"cadence": "yearly"}):
        assert client.patch("/v1/sources/other", json=wrong).status_code == 422
    renamed = client.post("/v1/sources", json={"name": "other", "live": True}).json()
    assert renamed["state"] == "setup"  # it was there already and is returned as it is


def test_a_source_that_is_there_is_not_made_with_another_cadence(client: httpx.Client) -> None:
    """S7: it is changed by PATCH; made again as it is, nothing happens."""
    daily = {"name": "till", "cadence": "daily"}
    first = client.post("/v1/sources", json=daily)
    for again in (daily, {"name": "till"}):
        assert client.post("/v1/sources", json=again).json() == first.json()
    other = client.post("/v1/sources", json=daily | {"cadence": "hourly"})
    assert (other.status_code, other.json()["code"]) == (409, "source_exists")
    assert source(client, "till")["cadence"] == "daily"


def test_what_a_source_sent_is_shown_by_hour_and_day(client: httpx.Client) -> None:
    """S4, S6, S7: every receipt under its outcome; what was tried out apart from what counted."""
    promotion(client, "p")
    client.post("/v1/sources", json={"name": "till"})
    key = new_key(client, "redemptions:write", "assignments:write", source="till")
    assert client.get("/v1/sources/till/activity").json() == {
        "source": "till",
        "by": "hour",
        "items": [],
    }
    client.post("/v1/assignments?dry_run=true", json=[ASSIGNMENT, ASSIGNMENT], headers=key)
    client.post("/v1/assignments", json=[ASSIGNMENT, ASSIGNMENT, {}], headers=key)
    client.post("/v1/redemptions", json=EVENT, headers=key)
    client.post("/v1/redemptions", json=EVENT, headers=key)
    assert client.post("/v1/redemptions", content=b"{", headers=key).status_code == 400
    expected = {"assigned": 1, "counted": 1, "duplicate": 2, "rejected": 2, "test": 2}
    for by in ("hour", "day"):
        items = client.get(f"/v1/sources/till/activity?by={by}").json()["items"]
        summed: dict[str, int] = {}
        for item in items:
            for word, number in item["outcomes"].items():
                summed[word] = summed.get(word, 0) + number
        assert summed == expected
        assert all(item["from"].endswith(":00:00Z") for item in items)
    other = client.get("/v1/sources/default/activity").json()
    assert other["items"] == []
    late = {"from": "2999-01-01T00:00:00Z"}
    assert client.get("/v1/sources/till/activity", params=late).json()["items"] == []
    for pointer, asked in (
        ("/by", {"by": "year"}),
        ("/from", {"from": "yesterday"}),
        ("/to", {"from": "2026-11-02T00:00:00Z", "to": "2026-11-01T00:00:00Z"}),
        ("/from", {"from": "1990-01-01T00:00:00Z"}),
    ):
        wrong = client.get("/v1/sources/till/activity", params=asked)
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, pointer)
    assert client.get("/v1/sources/none/activity").status_code == 404
