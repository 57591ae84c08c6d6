"""A misspelled field of what is defined is told and never passed over; what is reported may hold more than we know."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from promosight.rules.webhooks import TYPES
from tests.api.server import figures, promotion
from tests.api.test_set_up import ASSIGNMENT, EVENT

MISSPELLED: tuple[tuple[str, str, dict[str, Any], str, str | None], ...] = (
    ("PUT", "/v1/promotions/q", {"name": "Q", "limts": []}, "/limts", "limits"),
    (
        *("PUT", "/v1/promotions/q", {"name": "Q", "reward": {"type": "amount", "amount": "5"}}),
        *("/reward/amount", None),
    ),
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
    assert client.get("/v1/promotions/p").json()["properties"] == {}


@pytest.mark.parametrize(
    ("method", "path", "field", "body"),
    [
        ("PUT", "/v1/promotions/p", "promotion_id", {"name": "P"}),
        ("PATCH", "/v1/promotions/p", "promotion_id", {"name": "P"}),
        ("PUT", "/v1/customers/p", "customer_id", {"segments": ["vip"]}),
    ],
)
def test_a_body_that_names_another_than_the_path_is_refused(
    client: httpx.Client, method: str, path: str, field: str, body: dict[str, Any]
) -> None:
    """P16: one of the two is a slip, and nobody knows which; nothing is changed."""
    promotion(client, "p")
    for other in ("q", 5, ""):
        answer = client.request(method, path, json=body | {field: other})
        told = answer.json()
        assert (answer.status_code, told["code"]) == (422, "invalid"), answer.text
        assert told["errors"][0]["pointer"] == f"/{field}"
        assert "which says p" in told["detail"]
    assert client.get("/v1/promotions/p").json()["name"] != "P"
    for same in ("p", " p ", None):
        assert client.request(method, path, json=body | {field: same}).status_code < 300


def test_a_change_may_be_made_in_what_was_shown(client: httpx.Client) -> None:
    """P16: clients read, change and send back the whole; what only the server says is passed over."""
    client.post("/v1/sources", json={"name": "till"})
    client.post("/v1/views", json={"name": "mine", "query": "q=a", "shared": True})
    user = {"email": "a@b.example", "role": "marketer", "password": "a long password"}
    client.post("/v1/users", json=user)
    client.post("/v1/sources", json={"name": "shop"})
    shop = client.post("/v1/shops", json={"source": "shop", "kind": "shopify"}).json()["shop_id"]
    hook = {"url": "https://a.example", "events": list(TYPES)}
    webhook = client.post("/v1/webhooks", json=hook).json()["webhook_id"]
    view = client.get("/v1/views").json()["items"][0]["view_id"]
    for path, change in (
        (f"/v1/shops/{shop}", {"secret": "whsec_one"}),
        (f"/v1/shops/{shop}", {"secret": "whsec_two"}),
        (f"/v1/shops/{shop}", {}),
        (f"/v1/webhooks/{webhook}", {"description": "CRM"}),
        ("/v1/workspace", {"name": "other"}),
        ("/v1/sources/till", {"cadence": "daily"}),
        ("/v1/users/a@b.example", {"name": "Ann"}),
    ):
        shown = client.get(path).json()
        told = client.patch(path, json=shown | change)
        assert told.status_code == 200, told.text
    (shown,) = client.get("/v1/views").json()["items"]
    told = client.patch(f"/v1/views/{view}", json=shown | {"query": "q=b"})
    assert told.status_code == 200, told.text
    shown = client.get("/v1/workspace/retention").json()
    told = client.put("/v1/workspace/retention", json=shown)
    assert told.status_code == 200, told.text


def test_a_name_like_a_field_that_is_said_itself_is_no_slip_of_it(
    client: httpx.Client,
) -> None:
    """Forms send a password twice; alone, it would be a slip."""
    user = {"email": "c@d.example", "role": "marketer", "password_confirmation": "a long password"}
    refused = client.post("/v1/users", json=user)
    assert refused.json()["code"] == "unknown_field", refused.text
    made = client.post("/v1/users", json=user | {"password": "a long password"})
    assert made.status_code == 201, made.text


def test_a_workspace_does_not_become_a_sandbox(client: httpx.Client) -> None:
    """P16: what cannot be changed is told, too."""
    was = client.get("/v1/workspace").json()["sandbox"]
    told = client.patch("/v1/workspace", json={"sandbox": not was})
    assert (told.status_code, told.json()["code"]) == (409, "sandbox_fixed")


def test_what_is_like_no_field_is_kept_with_a_promotion_or_a_customer(client: httpx.Client) -> None:
    """As other columns of a file are: nothing that was sent is lost, and it is shown."""
    promotion(client, "p", team="crm", properties={"owner": "ann"})
    shown = client.patch("/v1/promotions/p", json={"country": "AT"}).json()
    assert shown["properties"] == {"owner": "ann", "team": "crm", "country": "AT"}
    assert client.patch("/v1/promotions/p", json={"team": None}).json()["properties"] == {
        "owner": "ann",
        "country": "AT",
    }
    both = client.patch("/v1/promotions/p", json={"properties": None, "team": "crm"})
    assert (both.status_code, both.json()["errors"][0]["pointer"]) == (422, "/properties")
    more = {"description": "For all", "description_en": "For everybody"}
    told = client.patch("/v1/promotions/p", json=more)
    assert told.status_code == 200, told.text
    shown = told.json()
    assert (shown["description"], shown["properties"]["description_en"]) == tuple(more.values())
    customer = client.put("/v1/customers/c", json={"city": "Graz", "segments": ["vip"]}).json()
    assert customer["attributes"] == {"city": "Graz"}


def test_what_is_reported_may_hold_more_than_is_known(client: httpx.Client) -> None:
    """Events are facts of other systems: what they say beside is no reason to refuse them."""
    promotion(client, "p")
    assert client.post("/v1/assignments", json=ASSIGNMENT | {"team": "crm"}).status_code == 200
    assert client.post("/v1/redemptions", json=EVENT | {"till": "7"}).status_code == 200
    assert figures(client, "p")["redemptions"] == 1
