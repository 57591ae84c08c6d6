"""An assignment that is no fact, because it is refused or came before, makes nobody a known customer."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.server import promotion

AT = "2026-11-19T10:00:00Z"


def given(assignment_id: str, customer_id: str, **more: Any) -> dict[str, Any]:
    """An assignment."""
    said = {"promotion_id": "p", "customer_id": customer_id, "assigned_at": AT}
    return {**said, "assignment_id": assignment_id, **more}


def outcome_for(client: httpx.Client, event_id: str, customer_id: str) -> tuple[str, str | None]:
    """What a redemption of a customer counts as, and why."""
    told = {"event_id": event_id, "promotion_id": "p", "customer_id": customer_id}
    answer = client.post("/v1/redemptions", json={**told, "redeemed_at": "2026-11-20T10:00:00Z"})
    assert answer.status_code == 200, answer.text
    return answer.json()["outcome"], answer.json()["reason"]


def refused(client: httpx.Client, items: Any) -> None:
    """Reports assignments all of which are refused."""
    answer = client.post("/v1/assignments", json=items)
    if isinstance(items, list):
        assert answer.json()["outcomes"] == {"rejected": len(items)}, answer.text
    else:
        assert answer.status_code in (409, 422), answer.text


@pytest.mark.parametrize("many", [0, 2, 1_500])
@pytest.mark.parametrize("named_before", [False, True])
def test_a_conflicting_assignment_makes_nobody_known(
    client: httpx.Client, many: int, named_before: bool
) -> None:
    promotion(client, "p")
    assert client.post("/v1/assignments", json=given("a", "first")).status_code == 200
    if named_before:
        assert outcome_for(client, "early", "c0")[0] == "pending"
    others = [given("a", f"c{n}") for n in range(many)]
    refused(client, others or given("a", "c0"))
    if named_before:
        assert client.get("/v1/events/early").json()["outcome"] == "pending"
    assert outcome_for(client, "e", "c0") == ("pending", "unknown_customer")
    assert client.post("/v1/assignments", json=given("b", "c0")).json()["outcome"] == "counted"
    assert client.get("/v1/events/e").json()["outcome"] in ("counted", "excess")


@pytest.mark.parametrize("many", [0, 1_500])
def test_a_conflict_of_an_assignment_without_an_id_says_which_it_contradicts(
    client: httpx.Client, many: int
) -> None:
    """P16: by the id that it has since it came first, and by what tells it from others."""
    promotion(client, "p")
    said = {"promotion_id": "p", "customer_id": "c", "assigned_at": AT}
    first = client.post("/v1/assignments", json=said).json()
    assert first["assignment_id"].startswith("asg-")
    again = client.post("/v1/assignments", json=said | {"reward_value": "7.00"})
    told = again.json()
    assert (again.status_code, told["code"]) == (409, "event_conflict")
    assert (told["event_id"], told["assignment_id"]) == (first["assignment_id"],) * 2
    assert "occurrence (without one, assigned_at) say which one it is" in told["detail"]
    others = [given(f"o{n}", f"o{n}") for n in range(many)]
    body = [said | {"tier_id": "gold"}, *others, said]
    answer = client.post("/v1/assignments", json=body).json()
    (problem,) = answer["problems"]
    assert problem["event_id"] == first["assignment_id"]
    assert "has no assignment_id" in problem["detail"]
    assert answer["outcomes"]["duplicate"] == 1


def test_an_assignment_with_the_code_of_another_promotion_makes_nobody_known(
    client: httpx.Client,
) -> None:
    promotion(client, "p")
    promotion(client, "q", code="OF-Q")
    refused(client, given("a", "c", promo_code="OF-Q"))
    assert outcome_for(client, "e", "c") == ("pending", "unknown_customer")


@pytest.mark.parametrize("many", [0, 1_500])
def test_who_is_given_something_beside_a_refused_assignment_is_known(
    client: httpx.Client, many: int
) -> None:
    promotion(client, "p")
    promotion(client, "q", code="OF-Q")
    others = [given(f"o{n}", f"o{n}") for n in range(many)]
    both = [given("a", "c", promo_code="OF-Q"), given("b", "c"), *others]
    answer = client.post("/v1/assignments", json=both)
    assert answer.json()["outcomes"] == {"counted": 1 + many, "rejected": 1}
    assert outcome_for(client, "e", "c") == ("counted", None)


@pytest.mark.parametrize("many", [0, 1_500])
def test_assignments_that_come_again_after_an_erasure_make_nobody_known(
    client: httpx.Client, many: int
) -> None:
    promotion(client, "p", max_redemptions=1)
    before = [
        given("a1", "anna"),
        given("a2", "anna"),
        *(given(f"o{n}", "ben") for n in range(many)),
    ]
    assert client.post("/v1/assignments", json=before).json()["outcomes"] == {"counted": 2 + many}
    assert client.delete("/v1/customers/anna").status_code == 204
    assert outcome_for(client, "e1", "anna") == ("pending", "unknown_customer")
    again = client.post("/v1/assignments", json=before).json()
    assert again["outcomes"] == {"duplicate": 2 + many}
    assert client.get("/v1/events/e1").json()["outcome"] == "pending"
    assert outcome_for(client, "e2", "anna") == ("pending", "unknown_customer")


@pytest.mark.parametrize("others", [None, 0, 1_500])
def test_what_comes_under_the_id_of_a_refused_assignment_is_judged_by_itself(
    client: httpx.Client, others: int | None
) -> None:
    """P2: a batch is answered as its assignments one by one, and so is one of thousands."""
    promotion(client, "p")
    promotion(client, "q", code="OF-Q")
    foreign = given("a", "c", promo_code="OF-Q")
    items = [foreign, foreign, given("a", "c", promo_code="OWN"), given("a", "c")]
    if others is None:
        answers = [client.post("/v1/assignments", json=one).json() for one in items]
        found = [one["reason"] or one["outcome"] for one in answers]
    else:
        many = items + [given(f"o{n}", f"o{n}") for n in range(others)]
        answer = client.post("/v1/assignments", json=many).json()
        assert answer["outcomes"] == {"counted": 1 + others, "rejected": 3}
        reasons = {one["index"]: one["reason"] for one in answer["problems"]}
        found = [reasons.get(index, "counted") for index in range(4)]
    assert found == ["identifier_conflict", "identifier_conflict", "counted", "event_conflict"]
    redeemed = {"event_id": "e", "promo_code": "OWN", "customer_id": "c"}
    told = client.post("/v1/redemptions", json={**redeemed, "redeemed_at": "2026-11-20T10:00:00Z"})
    assert told.json()["assignment_id"] == "a"
