"""Limits over HTTP: usage, thresholds and forecasts, alerts, and windows on days when clocks are changed."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promosight.api.wire import AlertPage
from promosight.rules.instants import format_instant, from_datetime
from tests.api.server import client_of, figures, new_workspace, promotion, serving, serving_here

TIERS = [{"tier_id": "gold", "reward_value": "9"}, {"tier_id": "tin", "reward_value": "1"}]
SECONDS = 60
"""Alerts are raised much sooner; a machine that is busy may take so long."""


def _limit(amount: int | str, measure: str = "assignments", **more: Any) -> dict[str, Any]:
    return {"measure": measure, "amount": str(amount), **more}


def _assign(client: httpx.Client, promotion_id: str, names: list[str], **more: Any) -> None:
    at = format_instant(from_datetime(datetime.now(UTC)))
    items = [
        {
            "promotion_id": promotion_id,
            "customer_id": name,
            "assigned_at": at,
            "assignment_id": f"{promotion_id} {name}",
            **more,
        }
        for name in names
    ]
    answer = client.post("/v1/assignments", json=items)
    assert answer.json()["problems"] == [], answer.text


def _usage(client: httpx.Client, promotion_id: str) -> list[dict[str, Any]]:
    usage: Any = figures(client, promotion_id)["usage"]
    return list(usage)


def _alerts(client: httpx.Client, **query: Any) -> dict[str, Any]:
    answer = client.get("/v1/alerts", params=query)
    assert answer.status_code == 200, answer.text
    msgspec.json.decode(answer.content, type=AlertPage)
    page: dict[str, Any] = answer.json()
    return page


def _awaited(client: httpx.Client, count: int, **query: Any) -> list[dict[str, Any]]:
    for _ in range(SECONDS * 10):
        found: list[dict[str, Any]] = _alerts(client, **query)["items"]
        if len(found) >= count:
            return found
        time.sleep(0.1)
    raise AssertionError(f"no {count} alerts within {SECONDS} s")


def test_what_is_held_is_told_on_its_day_and_as_it_was_known(client: httpx.Client) -> None:
    """P24, P8, N5: usage over time ends at the list's usage, holds included; and says what was known at a moment."""
    promotion(client, "held", limits=[_limit(10, window="monthly"), _limit("90", "reward")])
    _assign(client, "held", ["a", "b"])
    before = datetime.now(UTC).isoformat()
    promotion(client, "unused", limits=[_limit(10)])
    (unused,) = client.get("/v1/promotions/unused/usage").json()["limits"]
    assert [one["committed_so_far"] for one in unused["days"]] == ["0"]
    held = {"promotion_id": "held", "customer_id": "c"}
    assert client.post("/v1/reservations", json=held).status_code == 201
    _assign(client, "held", ["d"])
    told = client.get("/v1/promotions/held/usage").json()
    assert [one["usage"]["committed"] for one in told["limits"]] == ["4", "20.00"]
    for one in told["limits"]:
        assert one["days"][-1]["committed_so_far"] == one["usage"]["committed"]
    month, money = told["limits"]
    assert (month["currency"], money["currency"], money["ends_on"]) == (None, "EUR", None)
    assert month["ends_on"][:7] == month["days"][-1]["day"][:7]
    then = client.get("/v1/promotions/held/usage", params={"as_of": before}).json()
    assert [one["days"][-1]["committed_so_far"] for one in then["limits"]] == ["2", "10.00"]
    unknown = client.get("/v1/promotions/nobody/usage")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")


def test_a_tiers_window_is_told_with_what_was_reported(client: httpx.Client) -> None:
    """P7, S24: exact for what came before the limit, and what comes after it."""
    promotion(client, "t", kind="tiered", tiers=TIERS)
    _assign(client, "t", ["a", "b"], tier_id="gold")
    _assign(client, "t", ["c"], tier_id="tin")
    limits = [_limit(4, tier_id="gold", window="monthly"), _limit("20", "reward", window="weekly")]
    promotion(client, "t", kind="tiered", tiers=TIERS, limits=limits)
    gold, week = _usage(client, "t")
    assert (gold["committed"], gold["alert"], gold["tier_id"]) == ("2", 50, "gold")
    assert (week["committed"], week["alert"], week["redeemed"]) == ("19.00", 90, "0.00")
    _assign(client, "t", ["d"], tier_id="gold")
    assert [one["alert"] for one in _usage(client, "t")] == [50, 100]
    assert client.get("/v1/promotions", params={"format": "csv"}).text.count('""alert"":100') == 1


def test_alerts_come_by_themselves_the_newest_first(client: httpx.Client) -> None:
    """P7: within seconds of what crossed a threshold; page by page; a threshold of a window once."""
    promotion(client, "p", limits=[_limit(10)])
    promotion(client, "q", limits=[_limit("30", "reward", window="monthly")])
    _assign(client, "p", ["a", "b", "c", "d", "e"])
    (first,) = _awaited(client, 1)
    assert (first["promotion_id"], first["threshold"], first["used"]) == ("p", 50, "5")
    assert (first["window"], first["window_name"], first["currency"]) == ("lifetime", "", None)
    _assign(client, "q", ["a", "b", "c", "d", "e"])
    newest, other, oldest = _awaited(client, 3)
    assert oldest == first
    assert {newest["threshold"], other["threshold"]} == {50, 80}
    assert newest["currency"] == "EUR"
    page = _alerts(client, limit=2)
    rest = _alerts(client, limit=2, cursor=page["next"])
    assert [*page["items"], *rest["items"]] == [newest, other, oldest]
    assert rest["next"] is None
    assert _alerts(client, promotion_id="p")["items"] == [first]
    assert _alerts(client, threshold=90)["items"] == []


def test_bad_questions_for_alerts_are_told_so(client: httpx.Client) -> None:
    """The field is named."""
    for query, status in (
        ({"cursor": "x"}, 422),
        ({"threshold": "101"}, 422),
        ({"limit": "0"}, 422),
        ({"promotion_id": "nobody"}, 404),
    ):
        answer = client.get("/v1/alerts", params=query)
        assert answer.status_code == status, answer.text


def test_two_servers_over_one_store_raise_one_alert(client: httpx.Client, store_url: str) -> None:
    """P7: whoever sees it first."""
    promotion(client, "p", limits=[_limit(2)])
    with serving(store_url, new_workspace(store_url)):
        _assign(client, "p", ["a", "b"])
        found = _awaited(client, 4)
        time.sleep(3)
        assert _alerts(client)["items"] == found
        assert sorted(one["threshold"] for one in found) == [50, 80, 90, 100]
        (usage,) = _usage(client, "p")
        assert usage["forecast"]["reached_at"] == found[0]["raised_at"][:19] + "Z"


class _Clock:
    now_us = 0

    def __call__(self) -> int:
        return self.now_us


@contextmanager
def _at_will(url: str) -> Iterator[tuple[httpx.Client, _Clock]]:
    """A client of a server whose clock is ours."""
    key, clock = new_workspace(url), _Clock()
    clock.now_us = time.time_ns() // 1_000
    with (
        serving_here(url, clock=clock, fresh=secrets.token_urlsafe) as (_, port),
        client_of(f"http://127.0.0.1:{port}", key) as client,
    ):
        yield client, clock


# Days about changes of the clocks: forward and back, by an hour and by half an hour, amid a month and at its border.
CHANGES = {
    "Europe/Berlin": (datetime(2027, 3, 28, tzinfo=UTC), datetime(2027, 10, 31, tzinfo=UTC)),
    "America/St_Johns": (datetime(2027, 3, 14, tzinfo=UTC), datetime(2027, 11, 7, tzinfo=UTC)),
    "Australia/Lord_Howe": (datetime(2027, 4, 3, tzinfo=UTC), datetime(2027, 10, 2, tzinfo=UTC)),
}


@pytest.mark.parametrize("zone", CHANGES)
def test_windows_are_right_while_the_clocks_are_changed(zone: str, store_url: str) -> None:
    """S21, S24, P7: about both changes of a year, counted by day, week and month by wall clocks alone."""
    with _at_will(store_url) as (client, clock):
        client.patch("/v1/workspace", json={"time_zone": zone, "week_start": "sunday"})
        windows = ("daily", "weekly", "monthly")
        promotion(client, "p", limits=[_limit(100, window=one) for one in windows])
        clock.now_us = from_datetime(datetime(2027, 12, 1, tzinfo=UTC))
        given_at = [
            change + timedelta(hours=hours, minutes=minutes)
            for change in CHANGES[zone]
            for hours in range(-30, 54, 3)
            for minutes in (0, 29, 59)
        ]
        items = [
            {
                "promotion_id": "p",
                "customer_id": f"c{n}",
                "assigned_at": at.isoformat(),
                "assignment_id": f"a{n}",
            }
            for n, at in enumerate(given_at)
        ]
        assert client.post("/v1/assignments", json=items).json()["problems"] == []

        @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.sampled_from(CHANGES[zone]), st.integers(-30 * 60, 54 * 60))
        def check(change: datetime, minutes: int) -> None:
            now = change + timedelta(minutes=minutes)
            clock.now_us = from_datetime(now)
            shown = [int(one["committed"]) for one in _usage(client, "p")]
            assert shown == [_counted(given_at, now, zone, one) for one in windows]

        check()


def _counted(given_at: list[datetime], now: datetime, zone: str, window: str) -> int:
    def name(moment: datetime) -> str:
        local = moment.astimezone(ZoneInfo(zone))
        return local.strftime({"daily": "%Y-%m-%d", "weekly": "%Y %U", "monthly": "%Y-%m"}[window])

    return sum(name(one) == name(now) for one in given_at)
