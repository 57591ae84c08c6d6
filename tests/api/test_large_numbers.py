"""Numbers that no column holds are a mistake of whoever sends them, on either store."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.server import promotion
from tests.api.test_hostile_input import is_problem
from tests.connectors.test_one_verdict import REFUSED, TAKEN

TOO_LARGE = ("9223372036854775808", "18446744073709551616", "-9223372036854775809", "1" + "0" * 400)
BODIES = (
    ("PUT", "/v1/promotions/new", '{"name": "P", "max_redemptions": #}'),
    (
        "PUT",
        "/v1/promotions/new",
        '{"name": "P", "limits": [{"measure": "redemptions", "amount": "#"}]}',
    ),
    (
        "PUT",
        "/v1/promotions/new",
        '{"name": "P", "properties": {"decisioning": {"max_per_customer": #}}}',
    ),
    ("POST", "/v1/reservations", '{"promotion_id": "p", "customer_id": "ann", "ttl_seconds": #}'),
    ("PUT", "/v1/workspace/retention", '{"traces_days": #}'),
    ("PATCH", "/v1/decisioning", '{"seed": #}'),
    ("PATCH", "/v1/decisioning", '{"gamma": #}'),
    ("PATCH", "/v1/decisioning", '{"frequency_cap": {"assignments": #, "days": 7}}'),
    ("PATCH", "/v1/decisioning", '{"frequency_cap": {"assignments": 7, "days": #}}'),
    ("PATCH", "/v1/decisioning", '{"assignment_days": #}'),
    ("PATCH", "/v1/decisioning", '{"contact_cost": "#"}'),
)
PATHS = (
    "/v1/decisioning/versions/#/promote",
    "/v1/anomalies/#/acknowledge",
    "/v1/imports/#",
    "/v1/problems/#/reasons",
)
QUERIES = (
    "/v1/promotions?limit=#",
    "/v1/promotions?offset=#",
    "/v1/promotions?trend=#",
    "/v1/alerts?threshold=#",
    "/v1/promotions/p/return?horizon_days=#",
    "/v1/customers/ann/timeline?cursor=#",
)


def test_a_number_too_large_for_any_column_is_told_so_wherever_it_stands(
    client: httpx.Client,
) -> None:
    """P16: no driver's overflow is ever an answer."""
    promotion(client, "p")
    for number in TOO_LARGE:
        for method, path, body in BODIES:
            told = client.request(method, path, content=body.replace("#", number))
            assert is_problem(told), (path, body, number)
        for path in PATHS:
            method = "GET" if path.endswith(("#", "reasons")) else "POST"
            note = None if method == "GET" else {"note": "seen"}
            assert is_problem(client.request(method, path.replace("#", number), json=note)), path
        for query in QUERIES:
            assert is_problem(client.get(query.replace("#", number))), query


@pytest.mark.parametrize("single", [True, False])
def test_an_assignment_of_too_many_uses_is_refused_alone(
    client: httpx.Client, single: bool
) -> None:
    promotion(client, "p")
    for number in TOO_LARGE:
        given: dict[str, Any] = {"promotion_id": "p", "customer_id": "ann"}
        given |= {"assigned_at": "2026-11-02T12:00:00Z", "max_redemptions": int(number)}
        told = client.post("/v1/assignments", json=given if single else [given])
        if single:
            assert told.json()["errors"][0]["pointer"] == "/max_redemptions"
        else:
            assert told.json()["problems"][0]["pointer"] == "/0/max_redemptions"


@pytest.mark.parametrize("amount", TAKEN["amounts"])
def test_an_amount_is_the_same_wherever_it_is_defined(client: httpx.Client, amount: str) -> None:
    """S24: rewards, tiers, budgets and what decisions weigh, up to the last millionth below 10 billion."""
    for path, body, _ in _defined(amount):
        assert client.request(*path, json=body).status_code < 300, (path, amount)


@pytest.mark.parametrize("amount", REFUSED["amounts"])
def test_what_is_no_amount_is_refused_wherever_it_is_defined(
    client: httpx.Client, amount: str
) -> None:
    """S24: with its field named."""
    for path, body, pointer in _defined(amount):
        told = client.request(*path, json=body)
        assert told.status_code == 422, (path, amount)
        assert told.json()["errors"][0]["pointer"] == pointer


def _defined(amount: str) -> list[tuple[tuple[str, str], dict[str, Any], str]]:
    put = ("PUT", "/v1/promotions/amounts")
    offered = "/properties/decisioning"
    return [
        (put, {"name": "P", "reward": {"value": amount}}, "/reward/value"),
        (
            put,
            {"name": "P", "tiers": [{"tier_id": "a", "reward_value": amount}]},
            "/tiers/0/reward_value",
        ),
        (
            put,
            {"name": "P", "limits": [{"measure": "reward", "amount": amount}]},
            "/limits/0/amount",
        ),
        (put, {"name": "P", "properties": {"decisioning": {"value": amount}}}, f"{offered}/value"),
        (put, {"name": "P", "properties": {"decisioning": {"cost": amount}}}, f"{offered}/cost"),
        (("PATCH", "/v1/decisioning"), {"contact_cost": amount}, "/contact_cost"),
    ]


def test_what_decides_is_bounded_with_its_field_named(client: httpx.Client) -> None:
    told = client.patch("/v1/decisioning", json={"seed": "9" * 256}).json()
    assert (told["errors"][0]["pointer"], told["status"]) == ("/seed", 422)
    assert client.patch("/v1/decisioning", json={"seed": "9" * 255}).status_code == 200
    for most, status in ((2**31 - 1, 201), (2**31, 422)):
        properties = {"decisioning": {"max_per_customer": most}}
        body = {"name": "P", "status": "active", "properties": properties}
        told = client.put(f"/v1/promotions/p{status}", json=body)
        assert told.status_code == status
    assert told.json()["errors"][0]["pointer"] == "/properties/decisioning/max_per_customer"
    decided = client.post("/v1/decisions", json={"customer_id": "ann", "decision_id": "d1"})
    assert decided.status_code == 200
