"""Near misses over HTTP (N6): whoever opens a problem is told what the event most likely meant, and why."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.api.server import promotion
from tests.api.test_keys import new_key

GIVEN, USED = "2026-11-01T12:00:00Z", "2026-11-03T12:00:00Z"


@pytest.fixture
def brand(client: httpx.Client) -> httpx.Client:
    """Two promotions, given to customers 1 to 20, and a till of its own."""
    promotion(client, "SUMMER-25", code="SUN25")
    promotion(client, "WINTER-25")
    told = [_assigned(f"{n}") for n in range(1, 21)]
    assert client.post("/v1/assignments", json=told).json()["outcomes"] == {"counted": 20}
    others = [_assigned(f"other-{n}", promotion_id="WINTER-25") for n in range(80)]
    client.post("/v1/assignments", json=others)
    client.post("/v1/sources", json={"name": "till"})
    return client


def _assigned(customer: str, **more: Any) -> dict[str, Any]:
    given = {"promotion_id": "SUMMER-25", "customer_id": customer, "assigned_at": GIVEN}
    return given | more


def redeemed(customer: str, **more: Any) -> dict[str, Any]:
    """What a till says; an event for each customer."""
    return {"event_id": f"e-{customer}", "customer_id": customer, "redeemed_at": USED} | more


def reasons(client: httpx.Client, event_id: str) -> list[dict[str, Any]]:
    """The likely reasons of the problem that an event is."""
    (problem,) = client.get("/v1/problems", params={"q": event_id}).json()["items"]
    found: list[dict[str, Any]] = asked(client, problem["problem_id"]).json()["reasons"]
    return found


def asked(client: httpx.Client, problem_id: str) -> httpx.Response:
    return client.get(f"/v1/problems/{quote(problem_id, safe='')}/reasons")


def test_an_id_written_otherwise_is_explained_with_what_speaks_for_it(brand: httpx.Client) -> None:
    """N6, P10."""
    brand.post("/v1/redemptions", json=[_late(n) for n in range(1, 13)])
    (reason,) = reasons(brand, "e-1")
    assert reason["kind"] == "written_otherwise"
    assert reason["likelihood"] == "very likely"
    assert reason["promotion_id"] == "SUMMER-25"
    assert reason["evidence"] == {"events": 12, "customers": 12, "holding": 12}
    assert "12 of 12 customers who wait were given it." in reason["detail"]


def _late(customer: int) -> dict[str, Any]:
    return redeemed(f"{customer}", promotion_id="summer25")


def test_a_code_with_a_slip_and_a_code_in_the_field_of_the_id_are_explained(
    brand: httpx.Client,
) -> None:
    """N6."""
    brand.post("/v1/redemptions", json=redeemed("1", promo_code="SUM25"))
    brand.post("/v1/redemptions", json=redeemed("2", promotion_id="SUN25"))
    assert [one["kind"] for one in reasons(brand, "e-1")] == ["misspelled"]
    assert [one["kind"] for one in reasons(brand, "e-2")] == ["wrong_field"]


def test_a_code_told_beside_an_unknown_id_tells_which_promotion_is_meant(
    brand: httpx.Client,
) -> None:
    """N6."""
    brand.post("/v1/redemptions", json=redeemed("1", promotion_id="4711", promo_code="SUN25"))
    (reason,) = reasons(brand, "e-1")
    assert (reason["kind"], reason["promotion_id"]) == ("code_beside", "SUMMER-25")


def test_nothing_is_said_where_nothing_is_likely(brand: httpx.Client) -> None:
    """N6: another year, a word like no other, what was refused."""
    brand.post("/v1/redemptions", json=redeemed("1", promotion_id="SUMMER-26"))
    brand.post("/v1/redemptions", json=redeemed("2", promotion_id="EASTER"))
    brand.post("/v1/redemptions", json=redeemed("3", redeemed_at="yesterday"))
    assert [reasons(brand, event_id) for event_id in ("e-1", "e-2", "e-3")] == [[], [], []]


def test_a_promotion_that_assignments_name_too_is_missing_and_not_misspelled(
    brand: httpx.Client,
) -> None:
    """N6."""
    brand.post("/v1/assignments", json=_assigned("1", promotion_id="summer25"))
    brand.post("/v1/redemptions", json=_late(1))
    listed = brand.get("/v1/problems", params={"q": "summer25"}).json()["items"]
    assert {one["kind"] for one in listed} == {"assignments", "redemptions"}
    for problem in listed:
        first, second = asked(brand, problem["problem_id"]).json()["reasons"]
        assert (first["kind"], first["evidence"]["assignments"]) == ("not_defined", 1)
        assert (second["promotion_id"], second["likelihood"]) == ("SUMMER-25", "possible")


def test_a_customer_under_another_form_of_the_id_is_found(brand: httpx.Client) -> None:
    """N6."""
    till = new_key(brand, "redemptions:write", source="till")
    told = [redeemed(f"{n:07}", promotion_id="SUMMER-25") for n in range(1, 11)]
    brand.post("/v1/redemptions", json=told, headers=till)
    brand.put("/v1/customers/ann@shop.example", json={})
    brand.post("/v1/redemptions", json=redeemed("Ann@shop.example", promotion_id="WINTER-25"))
    (reason,) = reasons(brand, "e-0000001")
    assert (reason["kind"], reason["customer_id"]) == ("customer_form", "1")
    assert reason["evidence"] == {"customers": 10, "matching": 10, "holding": 1}
    assert reasons(brand, "e-Ann@shop.example")[0]["customer_id"] == "ann@shop.example"


def test_a_redemption_without_an_assignment_is_explained(brand: httpx.Client) -> None:
    """N6: it had expired, came later, or is another customer's in another form."""
    brand.put("/v1/customers/0000009", json={})
    expiring = _assigned("late", expires_at="2026-11-03T11:00:00Z")
    coming = _assigned("early", assigned_at="2026-11-03T14:00:00Z")
    brand.post("/v1/assignments", json=[expiring, coming])
    told = [redeemed(one, promotion_id="SUMMER-25") for one in ("late", "early", "0000009")]
    answer = brand.post("/v1/redemptions", json=told).json()
    assert answer["outcomes"] == {"unassigned": 3}
    found = {one: _of_event(brand, f"e-{one}") for one in ("late", "early", "0000009")}
    assert [one["kind"] for one in found["late"]] == ["expired"]
    assert found["late"][0]["evidence"] == {"at": "2026-11-03T11:00:00Z", "seconds": 3600}
    assert [one["kind"] for one in found["early"]] == ["assigned_later"]
    assert [one["customer_id"] for one in found["0000009"]] == ["9"]


def _of_event(client: httpx.Client, event_id: str) -> list[dict[str, Any]]:
    """The same of an event that is no problem."""
    event = client.get(f"/v1/events/{event_id}").json()
    found: list[dict[str, Any]] = asked(client, event["problem_id"]).json()["reasons"]
    return found


def test_who_may_not_read_is_told_nothing_and_what_is_no_problem_is_not_found(
    brand: httpx.Client,
) -> None:
    """N6, P14."""
    writer = new_key(brand, "redemptions:write", source="till")
    assert brand.get("/v1/problems/event%2F1%2Fe-1/reasons", headers=writer).status_code == 403
    for made_up in ("event/1/none", "event/99999/e-1", "assignment/1/1/1/1/1", "nonsense"):
        assert asked(brand, made_up).status_code == 404, made_up


def _suggested(client: httpx.Client, event_id: str) -> dict[str, Any]:
    (reason,) = reasons(client, event_id)
    mapping: dict[str, Any] = reason["mapping"]
    return mapping


def _figures(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/v1/promotions/SUMMER-25").json()["figures"]
    return found


def test_the_mapping_that_is_suggested_counts_all_that_wait_once(brand: httpx.Client) -> None:
    """N6, P10: with one request; afterwards what comes under the word counts as it comes, and its end takes it back."""
    told = [_late(n) for n in range(1, 13)]
    brand.post("/v1/redemptions", json=told)
    assert _figures(brand)["redeemed"] == 0
    wanted = _suggested(brand, "e-1")
    assert wanted == {"field": "promotion_id", "word": "summer25", "promotion_id": "SUMMER-25"}
    made = brand.post("/v1/mappings", json=wanted)
    assert (made.status_code, made.json()["moved"]) == (201, 12)
    assert _figures(brand)["redeemed"] == 12
    assert brand.post("/v1/mappings", json=wanted).status_code == 200
    assert brand.post("/v1/redemptions", json=told).json()["outcomes"] == {"duplicate": 12}
    one = brand.post("/v1/redemptions", json=_late(13)).json()
    assert (one["outcome"], one["promotion_id"]) == ("counted", "SUMMER-25")
    assert brand.get("/v1/events/e-13").json()["reported"]["promotion_id"] == "summer25"
    assert brand.get("/v1/problems").json()["items"] == []
    assert brand.delete(f"/v1/mappings/{made.json()['mapping_id']}").status_code == 204
    assert _figures(brand)["redeemed"] == 0
    assert brand.get("/v1/problems").json()["counts"][0]["count"] == 13
    assert brand.delete(f"/v1/mappings/{made.json()['mapping_id']}").status_code == 404


def test_a_mapping_is_kept_with_who_and_when_and_in_the_audit_log(brand: httpx.Client) -> None:
    """N6."""
    wanted = {"field": "promo_code", "word": "SUM25", "promotion_id": "SUMMER-25", "source": "till"}
    named = brand.post("/v1/mappings", json=wanted).json()["mapping_id"]
    brand.delete(f"/v1/mappings/{named}")
    (kept,) = brand.get("/v1/mappings").json()["items"]
    assert wanted.items() <= kept.items()
    assert kept["created_at"] <= kept["ended_at"]
    ended, made = brand.get("/v1/audit", params={"target": named}).json()["items"]
    assert kept["created_by"] == kept["ended_by"] == made["actor"]
    assert (made["action"], made["before"], made["after"]) == ("mapping.create", None, wanted)
    assert (ended["action"], ended["before"], ended["after"]) == ("mapping.end", wanted, None)


def test_a_mapping_that_contradicts_is_refused_and_names_the_field(brand: httpx.Client) -> None:
    """N6."""
    wanted = {"field": "promotion_id", "word": "WINTER-25", "promotion_id": "SUMMER-25"}
    answer = brand.post("/v1/mappings", json=wanted)
    assert answer.status_code == 409
    assert answer.json()["code"] == "promotion_exists"
    assert answer.json()["errors"][0]["pointer"] == "/word"
    assert brand.post("/v1/mappings", json=wanted | {"field": "sku"}).status_code == 422
    assert brand.post("/v1/mappings", json=wanted | {"word": " "}).status_code == 422
    nowhere = wanted | {"word": "w", "promotion_id": "nowhere"}
    assert brand.post("/v1/mappings", json=nowhere).status_code == 404
    assert brand.post("/v1/mappings", json=wanted | {"word": "w"}).status_code == 201
    defining = brand.put("/v1/promotions/w", json={"name": "W"})
    assert (defining.status_code, defining.json()["code"]) == (409, "mapped")


def test_who_reports_may_not_say_what_words_mean(brand: httpx.Client) -> None:
    """N6, P14."""
    wanted = {"field": "promo_code", "word": "SUM25", "promotion_id": "SUMMER-25"}
    till = new_key(brand, "redemptions:write", source="till")
    assert brand.post("/v1/mappings", json=wanted, headers=till).status_code == 403
    assert brand.get("/v1/mappings", headers=till).status_code == 403
