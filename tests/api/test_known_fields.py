"""A misspelled field of what is defined is told and never passed over; what is reported may hold more than we know."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from promosight.api.routes import ROUTES
from tests.api.server import figures, promotion
from tests.api.test_set_up import ASSIGNMENT, EVENT

MISSPELLED: tuple[tuple[str, str, dict[str, Any], str, str | None], ...] = (
    ("PUT", "/v1/promotions/q", {"name": "Q", "limts": []}, "/limts", "limits"),
    ("PATCH", "/v1/promotions/p", {"endsAt": "2027-01-01T00:00:00Z"}, "/endsAt", "ends_at"),
    ("PATCH", "/v1/promotions/p", {"limts": None}, "/limts", "limits"),
    ("PUT", "/v1/customers/c", {"segment": ["vip"]}, "/segment", "segments"),
    ("POST", "/v1/keys", {"name": "k", "scopes": [], "expiresat": 1}, "/expiresat", "expires_at"),
    ("POST", "/v1/sources", {"name": "till", "cadense": "daily"}, "/cadense", "cadence"),
    ("PATCH", "/v1/sources/default", {"cadences": "daily"}, "/cadences", "cadence"),
    ("PATCH", "/v1/workspace", {"timezone": "UTC"}, "/timezone", "time_zone"),
    ("PUT", "/v1/workspace/retention", {"refused_day": 30}, "/refused_day", "refused_days"),
    ("POST", "/v1/webhooks", {"url": "https://a.example", "event": []}, "/event", "events"),
    ("POST", "/v1/views", {"name": "v", "query": "", "share": True}, "/share", "shared"),
    ("POST", "/v1/mappings", {"field": "promo_code", "words": "x"}, "/words", None),
    ("POST", "/v1/users", {"email": "a@b.example", "roles": "admin"}, "/roles", None),
    ("POST", "/v1/reservations", {"promotion_id": "p", "dryrun": True}, "/dryrun", "dry_run"),
    ("POST", "/v1/decisions", {"customer_id": "c", "candidate": []}, "/candidate", "candidates"),
    (
        *("POST", "/v1/decisions/batch", {"decisions": [{"customer_id": "c", "asign": False}]}),
        *("/decisions/0/asign", "assign"),
    ),
    ("PATCH", "/v1/decisioning", {"explorations": "none"}, "/explorations", "exploration"),
    (
        *("PATCH", "/v1/promotions/p", {"properties": {"decisioning": {"eligble": False}}}),
        *("/properties/decisioning/eligble", "eligible"),
    ),
)


@pytest.mark.parametrize(("method", "path", "body", "pointer", "meant"), MISSPELLED)
def test_a_misspelled_field_is_told_with_what_was_meant(
    *, client: httpx.Client, method: str, path: str, body: Any, pointer: str, meant: str | None
) -> None:
    """P16: what would go unheard is told, and nothing is done."""
    promotion(client, "p")
    told = client.request(method, path, json=body)
    assert told.status_code == 422, told.text
    said = told.json()
    assert (said["code"], said["errors"][0]["pointer"]) == ("unknown_field", pointer)
    assert meant is None or f"did you mean {meant}?" in said["detail"]
    assert client.get("/v1/promotions/q").status_code == 404


def test_what_was_read_may_come_back_whole(client: httpx.Client) -> None:
    """Sent as it was shown, with its figures, a promotion is as it was; so is a customer."""
    promotion(client, "p")
    client.put("/v1/customers/c", json={"segments": ["vip"]})
    for path in ("/v1/promotions/p", "/v1/customers/c"):
        shown = client.get(path).json()
        assert client.put(path, json=shown).status_code == 200
        again = client.get(path).json()
        assert {n: v for n, v in again.items() if n != "updated_at"} == {
            n: v for n, v in shown.items() if n != "updated_at"
        }
    shown = client.get("/v1/promotions/p?trend=7").json()
    assert client.patch("/v1/promotions/p", json=shown).status_code == 200


def test_what_is_like_no_field_is_kept_with_a_promotion_or_a_customer(client: httpx.Client) -> None:
    """As other columns of a file are: nothing that was sent is lost, and it is shown."""
    promotion(client, "p", team="crm", properties={"owner": "ann"})
    shown = client.patch("/v1/promotions/p", json={"country": "AT"}).json()
    assert shown["properties"] == {"owner": "ann", "team": "crm", "country": "AT"}
    assert client.patch("/v1/promotions/p", json={"team": None}).json()["properties"] == {
        "owner": "ann",
        "country": "AT",
    }
    customer = client.put("/v1/customers/c", json={"city": "Graz", "segments": ["vip"]}).json()
    assert customer["attributes"] == {"city": "Graz"}


def test_what_is_reported_may_hold_more_than_is_known(client: httpx.Client) -> None:
    """Events are facts of other systems: what they say beside is no reason to refuse them."""
    promotion(client, "p")
    assert client.post("/v1/assignments", json=ASSIGNMENT | {"team": "crm"}).status_code == 200
    assert client.post("/v1/redemptions", json=EVENT | {"till": "7"}).status_code == 200
    assert figures(client, "p")["redemptions"] == 1


def test_no_route_takes_a_body_whose_unknown_fields_pass(client: httpx.Client) -> None:
    """Every definition and question forbids them by its struct, or is one of the two that may come back whole."""
    open_ones = {
        route.takes.__name__
        for route in ROUTES
        if hasattr(route.takes, "__struct_config__")
        and not route.takes.__struct_config__.forbid_unknown_fields
    }
    assert open_ones <= {
        *("Promotion", "Profile"),
        *("ReportedEvent", "ReportedAssignment", "ReportedOutcome", "SegmentMessage"),
        *("SegmentBatch", "Settings", "ToldRow"),
    }
