"""N4 over HTTP: a source says what it reported of a day, and is told event by event where the two sides part."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

import httpx
import pytest

from tests.api.server import promotion
from tests.api.test_keys import new_key

DAY = "2026-11-20"
DOOR = "/v1/sources/till/reconciliations"
NDJSON = {"Content-Type": "application/x-ndjson"}


def number(text: str, size: int = 8) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:size], "big")


def hashed(lines: Iterable[str]) -> str:
    """What docs/reconciliation.md says of a set of lines, written anew."""
    return f"{sum(map(number, lines)) % 2**64:016x}"


def buckets(lines: Iterable[str], of: int) -> list[str]:
    parts: list[list[str]] = [[] for _ in range(of)]
    for line in lines:
        parts[number(line.split("\t")[0], 4) % of].append(line)
    return [hashed(part) for part in parts]


def redemption(n: int, **changes: Any) -> dict[str, Any]:
    told = {
        "event_id": f"t-{n}",
        "promotion_id": "p",
        "customer_id": f"c-{n}",
        "redeemed_at": f"{DAY}T{n % 24:02}:15:00Z",
        "order_value": f"{10 + n}.50",
        "currency": "EUR",
    }
    return told | changes


@pytest.fixture
def till(client: httpx.Client) -> Mapping[str, str]:
    """A source with a promotion that everybody was assigned; the headers of its key, which only reports."""
    promotion(client, "p")
    client.post("/v1/sources", json={"name": "till", "cadence": "daily"})
    given = [
        {"promotion_id": "p", "customer_id": f"c-{n}", "assigned_at": "2026-11-01T00:00:00Z"}
        for n in range(40)
    ]
    assert client.post("/v1/assignments", json=given).status_code == 200
    return new_key(client, "redemptions:write", source="till")


def report(client: httpx.Client, key: Mapping[str, str], *events: dict[str, Any]) -> None:
    answer = client.post("/v1/redemptions", json=list(events), headers=dict(key))
    assert answer.status_code == 200, answer.text


def state(client: httpx.Client, key: Mapping[str, str], **said: Any) -> dict[str, Any]:
    answer = client.post(DOOR, json={"day": DAY, **said}, headers=dict(key))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def compare(
    client: httpx.Client,
    key: Mapping[str, str],
    receipt: dict[str, Any],
    rows: list[dict[str, Any]],
    **query: str,
) -> dict[str, Any]:
    path = f"{DOOR}/{receipt['reconciliation_id']}/events"
    content = "\n".join(map(json.dumps, rows))
    answer = client.post(path, content=content, params=query, headers=dict(key) | NDJSON)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def states(answer: dict[str, Any]) -> dict[str, str]:
    return {one["event_id"]: one["state"] for one in answer["differences"]}


def test_a_day_on_which_both_agree_is_equal_and_leaves_a_receipt(
    client: httpx.Client, till: Mapping[str, str]
) -> None:
    """N4: count, sum and hash; duplicates count once, and other days not at all."""
    events = [redemption(n) for n in range(5)]
    undone = {"event_id": "r", "type": "reversal", "reverses": "t-1"}
    late = redemption(9, redeemed_at="2026-11-21T00:00:00Z")
    report(client, till, *events, late, undone | {"redeemed_at": f"{DAY}T23:59:59.999999Z"})
    report(client, till, *events[:3])
    ids = [f"t-{n}" for n in range(5)] + ["r"]
    said = {"redemptions": 5, "reversals": 1, "order_value": {"EUR": "62.50"}, "hash": hashed(ids)}
    receipt = state(client, till, **said)
    assert (receipt["outcome"], receipt["differing"]) == ("equal", [])
    assert receipt["said"] == said | {"reward_value": None}
    assert receipt["found"]["outcomes"] == {"counted": 6}
    assert (receipt["from"], receipt["until"]) == (f"{DAY}T00:00:00Z", "2026-11-21T00:00:00Z")
    kept = client.get(DOOR).json()
    assert kept["items"] == [receipt]
    assert client.get(f"{DOOR}/{receipt['reconciliation_id']}").json() == receipt
    lines = [f"{one['event_id']}\t{one['redeemed_at'][:-1]}.000000Z" for one in events]
    lines.append(f"r\t{DAY}T23:59:59.999999Z")
    assert state(client, till, hash=hashed(lines), fields=["redeemed_at"])["outcome"] == "equal"


def test_what_differs_is_narrowed_down_to_the_events(
    client: httpx.Client, till: Mapping[str, str]
) -> None:
    """N4: buckets first, then the ids of those that differ; every kind of difference told apart, with why."""
    report(client, till, *(redemption(n) for n in range(20)))
    report(client, till, redemption(30, customer_id="nobody-yet"))
    backdated = redemption(31, redeemed_at="2026-09-01T10:00:00Z")
    report(client, till, backdated, redemption(5, order_value="99.00"))
    theirs = [redemption(n) for n in range(2, 20)]  # two they do not have
    theirs += [redemption(40), redemption(30, customer_id="nobody-yet"), redemption(31)]
    theirs[0]["order_value"], theirs[1]["redeemed_at"] = "1.00", f"{DAY}T23:00:00Z"
    theirs[3]["order_value"] = "99.00"  # as it was told a second time
    fields = ["redeemed_at", "order_value"]
    lines = [
        f"{e['event_id']}\t{e['redeemed_at'][:-1]}.000000Z\t{e['order_value']}0000" for e in theirs
    ]
    receipt = state(
        client, till, redemptions=len(theirs), fields=fields, buckets=buckets(lines, 16)
    )
    assert (receipt["outcome"], receipt["differing"]) == ("different", ["hash"])
    assert receipt["found"]["outcomes"] == {"counted": 20, "pending": 1}
    apart = {"t-0", "t-1", "t-2", "t-3", "t-5", "t-31", "t-40"}
    assert receipt["buckets"]["of"] == 16
    assert receipt["buckets"]["different"] == sorted({number(one, 4) % 16 for one in apart})

    within = [e for e in theirs if number(e["event_id"], 4) % 16 in receipt["buckets"]["different"]]
    named = ",".join(map(str, receipt["buckets"]["different"]))
    answer = compare(client, till, receipt, within, buckets=named)
    expected = {
        **dict.fromkeys(("t-0", "t-1"), "missing_there"),
        **dict.fromkeys(("t-2", "t-3", "t-5"), "differs"),
        "t-31": "rejected",
        "t-40": "missing_here",
    }
    assert {one: s for one, s in states(answer).items() if s != "pending"} == expected
    by_id = {one["event_id"]: one for one in answer["differences"]}
    assert [by_id[one]["fields"] for one in ("t-2", "t-3", "t-5")] == [
        ["order_value"],
        ["redeemed_at"],
        ["order_value"],
    ]
    assert (by_id["t-2"]["said"]["order_value"], by_id["t-2"]["found"]["order_value"]) == (
        "1.00",
        "12.50",
    )
    assert (by_id["t-5"]["reason"], by_id["t-31"]["reason"]) == ("event_conflict", "backdated")
    problem = client.get(by_id["t-31"]["problem"]).json()["items"]
    assert [one["event_id"] for one in problem] == ["t-31"]
    whole = compare(client, till, receipt, theirs)
    assert states(whole) == expected | {"t-30": "pending"}
    assert (whole["told"], whole["agreeing"]) == (21, 16)

    kept = client.get(DOOR).json()["items"][0]
    counted = {"differs": 3, "missing_here": 1, "missing_there": 2, "pending": 1, "rejected": 1}
    assert kept["differences"] == counted
    path = f"{DOOR}/{receipt['reconciliation_id']}/differences"
    assert client.get(path, params={"limit": 3}).json()["items"] == whole["differences"][:3]
    table = list(csv.DictReader(io.StringIO(client.get(path, params={"format": "csv"}).text)))
    assert {row["event_id"]: row["state"] for row in table} == states(whole)


def test_what_was_missing_is_reported_and_the_day_is_equal(
    client: httpx.Client, till: Mapping[str, str]
) -> None:
    """N4: the way out of a difference is to report what is missing, which is safe however often it is done."""
    everything = [redemption(n) for n in range(6)]
    report(client, till, *everything[:4])
    said = {"redemptions": 6, "hash": hashed(one["event_id"] for one in everything)}
    receipt = state(client, till, **said)
    assert receipt["differing"] == ["redemptions", "hash"]
    answer = compare(client, till, receipt, everything)
    assert states(answer) == {"t-4": "missing_here", "t-5": "missing_here"}
    report(client, till, *everything)
    assert state(client, till, **said)["outcome"] == "equal"
    assert states(compare(client, till, receipt, everything)) == {}
    assert client.get(f"{DOOR}/{receipt['reconciliation_id']}").json()["differences"] == {}


def test_a_reversal_without_a_time_is_of_the_day_of_its_redemption(
    client: httpx.Client, till: Mapping[str, str]
) -> None:
    """N4, P5: and one whose redemption is unknown is of no day, but found by its id."""
    undone = {"event_id": "r", "type": "reversal", "reverses": "t-1"}
    report(client, till, redemption(1), undone, undone | {"event_id": "s", "reverses": "t-2"})
    assert state(client, till, redemptions=1, reversals=1)["outcome"] == "equal"
    receipt = state(client, till, hash=hashed(["t-1", "r"]), redemptions=1)
    assert receipt["outcome"] == "equal"
    told = [redemption(1), {"event_id": "r", "reverses": "t-1"}, {"event_id": "s", "reverses": "x"}]
    answer = compare(client, till, receipt, told)
    assert states(answer) == {"s": "differs"}
    assert answer["differences"][0]["fields"] == ["redeemed_at"]


def test_a_key_reconciles_its_own_source_and_no_other(
    client: httpx.Client, till: Mapping[str, str]
) -> None:
    """N4, P14: whoever may report for a source may reconcile it; whoever reads figures may read receipts."""
    client.post("/v1/sources", json={"name": "other"})
    other = new_key(client, "redemptions:write", source="other")
    reader = new_key(client, "reports:read")
    receipt = state(client, till, redemptions=0)
    one = f"{DOOR}/{receipt['reconciliation_id']}"
    said = {"day": DAY, "redemptions": 0}
    for key in (other, reader):
        assert client.post(DOOR, json=said, headers=key).status_code == 403
        assert client.post(f"{one}/events", json=[], headers=key).status_code == 403
    for path in (DOOR, one, f"{one}/differences"):
        assert client.get(path, headers=other).status_code == 403
        for may in (dict(till), reader):
            assert client.get(path, headers=may).status_code == 200
    elsewhere = one.replace("/till/", "/other/")
    assert client.get(elsewhere).status_code == 404
    assert client.post(DOOR, json=said).status_code == 201  # an administrator speaks for all
    assert client.post("/v1/sources/none/reconciliations", json=said).status_code == 404


def test_a_day_begins_and_ends_in_the_workspaces_time_zone(
    client: httpx.Client, till: Mapping[str, str]
) -> None:
    """N4: on the day the clocks change it has 25 hours."""
    client.patch("/v1/workspace", json={"time_zone": "Europe/Vienna"})
    report(client, till, redemption(1, redeemed_at="2026-10-25T22:30:00Z"))
    about = client.get(DOOR, params={"day": "2026-10-25"}, headers=dict(till)).json()
    assert (about["from"], about["until"]) == ("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z")
    assert (about["time_zone"], about["currency"], about["items"]) == ("Europe/Vienna", "EUR", [])
    assert state(client, till, day="2026-10-25", redemptions=1)["outcome"] == "equal"
    instants = {"from": "2026-10-25T22:30:00Z", "until": "2026-10-25T22:30:00.000001Z"}
    receipt = state(client, till, day=None, **instants, redemptions=1)
    assert (receipt["outcome"], receipt["day"]) == ("equal", None)


def test_what_cannot_be_meant_is_refused_with_its_field(
    client: httpx.Client, till: Mapping[str, str]
) -> None:
    """N4, P16."""
    nothing, one = "0" * 16, "0" * 15 + "1"
    for said, pointer in (
        ({}, "/redemptions"),
        ({"redemptions": -1}, "/redemptions"),
        ({"day": "20.11.2026", "redemptions": 1}, "/day"),
        ({"day": None, "redemptions": 1}, "/day"),
        ({"from": "2026-11-20T00:00:00Z", "redemptions": 1}, "/day"),
        ({"day": None, "from": "2026-11-20T00:00:00Z", "redemptions": 1}, "/until"),
        ({"hash": "xyz"}, "/hash"),
        ({"buckets": [nothing, "z"]}, "/buckets/1"),
        ({"buckets": [nothing, one], "hash": nothing}, "/buckets"),
        ({"buckets": [nothing] * 4097}, "/buckets"),
        ({"fields": ["customer_id"], "hash": nothing}, "/fields/0"),
        ({"order_value": {"EUR": "much"}}, "/order_value"),
        ({"order_value": {"EUR": "0.0000001"}}, "/order_value/EUR"),
    ):
        answer = client.post(DOOR, json={"day": DAY, **said}, headers=dict(till))
        assert answer.status_code == 422, (said, answer.text)
        assert answer.json()["errors"][0]["pointer"].startswith(pointer), (said, answer.text)
    receipt = state(client, till, buckets=[nothing] * 4)
    path = f"{DOOR}/{receipt['reconciliation_id']}/events"
    for rows, query, pointer in (
        ([{"order_value": "1"}], {}, "/0/event_id"),
        ([redemption(1), redemption(2, order_value="-1")], {}, "/1/order_value"),
        ([redemption(1, redeemed_at="2026-11-21T00:00:00Z")], {}, "/0/redeemed_at"),
        ([{"event_id": "t-1"}], {"buckets": str((number("t-1", 4) + 1) % 4)}, "/0/event_id"),
        ([], {"buckets": "4"}, "/buckets"),
        ([], {"buckets": "1,x"}, "/buckets"),
    ):
        answer = client.post(path, json=rows, params=query, headers=dict(till))
        assert answer.status_code == 422, (rows, answer.text)
        assert answer.json()["errors"][0]["pointer"] == pointer, (rows, answer.text)
    many = [{"event_id": str(n)} for n in range(10_001)]
    assert client.post(path, json=many, headers=dict(till)).status_code == 413
    assert client.post(path, content=b"x", headers=dict(till) | NDJSON).status_code == 400
