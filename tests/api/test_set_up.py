"""Setting up over HTTP: what a newcomer does before the first event, and what the API says of itself."""

from __future__ import annotations

import gzip
import json
from typing import Any

import httpx
import zstandard

from promosight.api.examples import EXAMPLES
from promosight.api.routes import ROUTES
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from tests.api.server import TRACKING_FROM, figures, listed, promotion

EVENT = {
    "event_id": "e1",
    "promotion_id": "p",
    "customer_id": "ann",
    "redeemed_at": "2026-11-03T12:00:00Z",
}
ASSIGNMENT = {"promotion_id": "p", "customer_id": "ann", "assigned_at": "2026-11-02T12:00:00Z"}


def test_the_description_and_the_schemas_are_there_and_their_examples_are_taken(
    client: httpx.Client,
) -> None:
    """S3: OpenAPI 3.1 agrees with the routes; schemas are served; the examples validate."""
    description = client.get("/openapi.json").json()
    assert description["openapi"].startswith("3.1")
    served = {(m.upper(), p) for p, ms in description["paths"].items() for m in ms}
    assert served == {(r.method, r.path.replace(":str}", "}")) for r in ROUTES}
    for name, kind, door in (
        ("redemption", ReportedEvent, "redemptions"),
        ("assignment", ReportedAssignment, "assignments"),
    ):
        schema = client.get(f"/schemas/{name}.json").json()
        assert EXAMPLES[kind].keys() <= schema["$defs"][kind.__name__]["properties"].keys()
        assert client.post(f"/v1/{door}", json=EXAMPLES[kind]).status_code == 200
    assert "Promosight API" in client.get("/docs").text


def test_a_source_chooses_its_cadence_and_no_figure_moves(client: httpx.Client) -> None:
    """S4, S7: any system is a named source; its cadence changes nothing but the expectation."""
    promotion(client, "p")
    client.post("/v1/assignments", json=ASSIGNMENT)
    made = client.post("/v1/sources", json={"name": "bonus-engine", "cadence": "daily"})
    assert made.status_code == 201
    wanted = {"name": "engine", "scopes": ["redemptions:write"], "source": "bonus-engine"}
    key = client.post("/v1/keys", json=wanted).json()["key"]
    headers = {"Authorization": f"Bearer {key}"}
    assert client.post("/v1/redemptions", json=EVENT, headers=headers).status_code == 200
    before = listed(client)
    changed = client.patch("/v1/sources/bonus-engine", json={"cadence": "realtime"})
    assert changed.json()["cadence"] == "realtime"
    assert changed.json()["last_heard_at"] is not None
    assert listed(client) == before
    assert client.get("/v1/events/e1").json()["source"] == "bonus-engine"
    assert client.get("/v1/promotions", headers=headers).status_code == 403
    assert client.patch("/v1/sources/bonus-engine", json={"cadence": "yearly"}).status_code == 422


def test_the_start_is_recorded_and_data_appears_by_itself(client: httpx.Client) -> None:
    """S19, S20, S40, S41, S42: a dash until the first event, then a percentage, with nobody's help."""
    assert client.get("/v1/workspace").json()["tracking_from"] == TRACKING_FROM
    promotion(client, "p")
    assert figures(client, "p")["display"] == "-"
    client.post("/v1/assignments", json=ASSIGNMENT)
    shown = figures(client, "p")
    assert (shown["state"], shown["rate"], shown["display"]) == ("no_data", None, "-")
    client.post("/v1/redemptions", json=EVENT)
    shown = figures(client, "p")
    assert (shown["state"], shown["rate"], shown["display"]) == ("tracked", 1.0, "100%")
    assert shown["tracked_since"] == TRACKING_FROM
    undo = {"event_id": "r1", "type": "reversal", "reverses": "e1"}
    assert client.post("/v1/redemptions", json=undo).json()["outcome"] == "counted"
    shown = figures(client, "p")
    assert (shown["display"], shown["reversed"], shown["redemptions"]) == ("0%", 1, 0)


def test_a_period_declared_covered_turns_the_dash_into_zero(client: httpx.Client) -> None:
    """S20: silence is a dash; a source's word that nothing was redeemed is zero."""
    promotion(client, "p")
    client.post("/v1/assignments", json=ASSIGNMENT)
    period = {"from": "2026-11-01T00:00:00Z", "to": "2026-11-04T00:00:00Z"}
    assert client.post("/v1/sources/default/coverage", json=period).status_code == 201
    assert figures(client, "p")["display"] == "0%"


def test_what_lies_ahead_is_not_covered(client: httpx.Client) -> None:
    """S20: nobody has reported what is yet to come; promotions of then show a dash."""
    promotion(client, "p", starts_at="2098-01-01T00:00:00Z")
    client.post("/v1/assignments", json=ASSIGNMENT)
    until_the_end = {"from": "2026-11-01T00:00:00Z", "to": "9999-12-31T23:59:59Z"}
    answer = client.post("/v1/sources/default/coverage", json=until_the_end)
    assert (answer.status_code, answer.json()["to"] < "2098") == (201, True)
    assert figures(client, "p")["display"] == "-"
    ahead = until_the_end | {"from": "2098-01-01T00:00:00Z"}
    answer = client.post("/v1/sources/default/coverage", json=ahead)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/from")
    assert figures(client, "p")["display"] == "-"


def test_a_revoked_key_is_refused(client: httpx.Client) -> None:
    """P16: keys are shown once, listed without their secret, and end at once when revoked."""
    made = client.post("/v1/keys", json={"name": "k", "scopes": ["reports:read"]}).json()
    url, headers = client.base_url.join("/v1/promotions"), {"X-API-KEY": made["key"]}
    assert httpx.get(url, headers=headers).status_code == 200
    assert made["key"] not in client.get("/v1/keys").text
    assert client.delete(f"/v1/keys/{made['key_id']}").status_code == 204
    assert httpx.get(url, headers=headers).status_code == 401


def test_an_idempotency_key_returns_the_first_answer(client: httpx.Client) -> None:
    """P3: same key and body, the stored answer; another body is refused."""
    promotion(client, "p")
    client.post("/v1/assignments", json=ASSIGNMENT)
    headers = {"Idempotency-Key": "once"}
    first = client.post("/v1/redemptions", json=EVENT, headers=headers)
    again = client.post("/v1/redemptions", json=EVENT, headers=headers)
    assert first.json()["outcome"] == "counted"
    assert again.json() == first.json()
    other = client.post("/v1/redemptions", json={**EVENT, "event_id": "e2"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")


def test_how_a_body_is_packed_makes_no_other_request(client: httpx.Client) -> None:
    """P3: a retry may be compressed where the first was not; what it says is compared."""
    promotion(client, "p")
    client.post("/v1/assignments", json=ASSIGNMENT)
    plain = json.dumps(EVENT).encode()
    key = {"Idempotency-Key": "packed", "Content-Type": "application/json"}
    packed: list[tuple[str, bytes]] = [
        ("gzip", gzip.compress(plain)),
        ("zstd", zstandard.compress(plain)),
    ]
    first = client.post("/v1/redemptions", content=plain, headers=key)
    for encoding, content in packed:
        headers = key | {"Content-Encoding": encoding}
        again = client.post("/v1/redemptions", content=content, headers=headers)
        assert (again.status_code, again.json()) == (200, first.json())
    other = gzip.compress(json.dumps({**EVENT, "event_id": "e2"}).encode())
    headers = key | {"Content-Encoding": "gzip"}
    answer = client.post("/v1/redemptions", content=other, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_mismatch")
    broken = client.post("/v1/redemptions", content=b"no gzip", headers=headers)
    assert (broken.status_code, broken.json()["code"]) == (400, "unreadable")


def test_a_replacement_without_a_status_leaves_it_and_a_new_promotion_is_a_draft(
    client: httpx.Client,
) -> None:
    """S31: status defaults to draft for what is created; a definition sent again ends no campaign."""
    body: dict[str, Any] = {"name": "Spring"}
    made = client.put("/v1/promotions/p", json=body)
    assert (made.status_code, made.json()["status"]) == (201, "draft")
    for change, status in (("activate", "active"), ("deactivate", "deactivated")):
        assert client.post(f"/v1/promotions/p/{change}").is_success
        body["name"] = f"Spring, {status}"
        answer = client.put("/v1/promotions/p", json=body)
        assert (answer.status_code, answer.json()["status"]) == (200, status), answer.text
        assert answer.json()["name"] == body["name"]
    refused = client.put("/v1/promotions/p", json=body | {"status": "draft"})
    assert (refused.status_code, refused.json()["code"]) == (409, "status")
    again = client.put("/v1/promotions/p", json=body | {"status": "active"})
    assert again.json()["status"] == "active"
    assert client.put("/v1/promotions/p", json=body | {"status": None}).status_code == 422
    assert client.post("/v1/promotions/p/archive").is_success
    final = client.put("/v1/promotions/p", json={"name": "Other"})
    assert (final.status_code, final.json()["code"]) == (409, "archived")


def test_promotions_change_within_their_rules(client: httpx.Client) -> None:
    """S31, S32, S33: merge patch, freezing tiers, final archive, duplicates without a code."""
    tiers = [{"tier_id": "gold", "reward_value": "10.00"}]
    promotion(client, "p", kind="tiered", tiers=tiers, code="GOLD")
    renamed = client.patch("/v1/promotions/p", json={"name": "Renamed", "max_redemptions": 2})
    assert (renamed.json()["name"], renamed.json()["max_redemptions"]) == ("Renamed", 2)
    frozen = client.patch("/v1/promotions/p", json={"tiers": []})
    assert (frozen.status_code, frozen.json()["code"]) == (409, "tiers_frozen")
    copy = client.post("/v1/promotions/p/duplicate", json={"promotion_id": "q"}).json()
    assert (copy["status"], copy["code"], copy["tiers"][0]["tier_id"]) == ("draft", None, "gold")
    assert client.post("/v1/promotions/p/archive").json()["status"] == "archived"
    assert client.post("/v1/promotions/p/activate").status_code == 409
    taken = client.put("/v1/promotions/r", json={"name": "r", "code": "GOLD"})
    assert (taken.status_code, taken.json()["code"]) == (409, "code_taken")


def test_terms_and_zone_change_with_thousands_of_customers_as_with_one(
    client: httpx.Client,
) -> None:
    """S4: what is worked out ahead of the change comes to the same, and rows still sum to the total."""
    promotion(client, "p")
    people = [ASSIGNMENT | {"customer_id": f"c{no}"} for no in range(1_200)]
    used = [
        EVENT
        | {"customer_id": f"c{no}", "event_id": f"e{no}", "redeemed_at": "2026-11-03T23:30:00Z"}
        for no in range(0, 1_200, 2)
    ]
    assert client.post("/v1/assignments", json=people).status_code == 200
    assert client.post("/v1/redemptions", json=used).status_code == 200
    terms = {"reward": {"value": "7.00"}}
    changed = client.patch("/v1/promotions/p", json=terms).json()["figures"]
    assert (changed["rate"], changed["reward_cost"]) == (0.5, {"EUR": "4200.00"})
    assert client.patch("/v1/workspace", json={"time_zone": "Asia/Tokyo"}).status_code == 200
    days = client.get("/v1/promotions/p/breakdown", params={"by": "day", "date": "redeemed"}).json()
    assert [(row["key"], row["redemptions"]) for row in days["rows"]][-1:] == [("2026-11-04", 600)]
    assert days["total"]["reward_cost"] == {"EUR": "4200.00"}


def test_a_pool_of_codes_has_one_column(client: httpx.Client) -> None:
    """S33: a second column is no code, and is not passed over in silence."""
    promotion(client, "p", kind="personalized")
    table = {"Content-Type": "text/csv"}
    wrong = client.post("/v1/promotions/p/codes", content="A1,\nA2,ann\n", headers=table)
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/1")
    loaded = client.post("/v1/promotions/p/codes", content='code\n"A,1",\nA2\n', headers=table)
    assert loaded.json() == {"received": 2, "added": 2}


def test_what_stands_above_a_column_of_codes_is_nobodys_code(client: httpx.Client) -> None:
    """S33: a spreadsheet's header, however it writes it, would otherwise be a code that somebody could use."""
    promotion(client, "p", kind="personalized")
    table = {"Content-Type": "text/csv"}
    for number, header in enumerate(("Code", "Promo code", "CODES", "coupon-code", "promo_code")):
        body = f"{header}\nTEA-{number}\n"
        loaded = client.post("/v1/promotions/p/codes", content=body, headers=table)
        assert loaded.json() == {"received": 1, "added": 1}, header
    bare = client.post("/v1/promotions/p/codes", content="CODE-1\nCODE-2\n", headers=table)
    assert bare.json() == {"received": 2, "added": 2}
