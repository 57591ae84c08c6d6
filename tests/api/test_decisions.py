"""Decisions over HTTP: an offer for each customer, once, within what may be offered, with the reason."""

from __future__ import annotations

import csv
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from promosight.flows.checking.verify import verify
from promosight.flows.decisioning.learning import relearn
from promosight.store.engine import open_store
from tests.api.deciding import ask, decided, explained, learned, lived, redeem, reverse, settings
from tests.api.server import TRACKING_FROM, figures, new_workspace, promotion, serving


def cap(amount: int | str, measure: str = "assignments", **more: Any) -> dict[str, Any]:
    return {"measure": measure, "amount": str(amount), **more}


def excluded(answer: dict[str, Any]) -> dict[str, str]:
    return {one["promotion_id"]: one["reason"] for one in answer["excluded"]}


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_the_same_question_is_answered_the_same(client: httpx.Client) -> None:
    """P19: one decision, one assignment, however often it is asked for, also at the same moment."""
    settings(client)
    for name in "abc":
        promotion(client, name)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask, client, decision_id="one") for _ in range(16)]
        answers = [one.result() for one in asked]
    assert {one.status_code for one in answers} == {200}
    assert len({one.content for one in answers}) == 1
    answer = answers[0].json()
    assert set(answer) >= {"choice", "propensity", "explored", "expected_value", "control"}
    assert set(answer) >= {"policy_version", "reasons", "excluded", "decision_id"}
    assert 0 < answer["propensity"] <= 1
    given = sum(figures(client, name)["assigned"] for name in "abc")  # type: ignore[misc]
    assert given == (answer["choice"] is not None)
    other = ask(client, decision_id="one", context={"plan": "gold"})
    assert code(other) == (409, "event_conflict")
    assert other.json()["errors"][0]["pointer"] == "/decision_id"
    assert explained(client, "one")["choice"] == answer["choice"]


def test_a_workspace_without_promotions_or_history_decides(client: httpx.Client) -> None:
    """P19: no offer, and why; with offers of every reward type one is chosen, and the customer is known."""
    answer = decided(client, "new", context={"plan": "gold"})
    assert (answer["choice"], answer["assignment_id"]) == (None, None)
    assert answer["reasons"]
    settings(client)
    promotion(client, "pct", reward={"type": "percentage", "value": "20"})
    promotion(client, "spins", reward={"type": "unit", "unit": "spins", "value": "10"})
    promotion(client, "bare", reward={"type": "amount"})
    chosen = Counter(str(decided(client, f"c{n}")["choice"]) for n in range(30))
    assert len(chosen) >= 3, chosen
    assert client.get("/v1/customers/new").json()["known"] is True


def test_only_a_sandbox_decides_as_of_another_time(client: httpx.Client, store_url: str) -> None:
    """P19: `as_of` lies between the start of tracking and now, and is refused by name elsewhere."""
    refused = ask(client, as_of=TRACKING_FROM)
    assert code(refused) == (422, "invalid")
    assert refused.json()["errors"][0]["pointer"] == "/as_of"
    with serving(store_url, new_workspace(store_url, sandbox=True)) as sandbox:
        settings(sandbox)
        promotion(sandbox, "p", starts_at="2026-10-10T00:00:00Z")
        early = decided(sandbox, "bob", as_of="2026-10-05T00:00:00Z")
        assert excluded(early) == {"p": "not_started"}
        answer = decided(sandbox, "bob", as_of="2026-10-20T10:00:00Z")
        told = explained(sandbox, answer["decision_id"])
        assert told["decided_at"] == "2026-10-20T10:00:00Z"
        for text in ("2026-09-01T00:00:00Z", "2999-01-01T00:00:00Z", "now", "2026-10-05"):
            answer_ = ask(sandbox, as_of=text)
            assert answer_.status_code == 422, text
            assert answer_.json()["errors"][0]["pointer"] == "/as_of"


def test_what_may_not_be_offered_is_taken_out_with_a_reason(client: httpx.Client) -> None:
    """P19: eligibility, status, windows, opt-outs and caps are hard filters; unknown candidates are no error."""
    settings(client)
    promotion(client, "draft", status="draft")
    promotion(client, "later", starts_at="2999-01-01T00:00:00Z")
    promotion(client, "over", ends_at="2026-10-02T00:00:00Z")
    promotion(client, "vip", properties={"decisioning": {"segments": ["vip"]}})
    promotion(client, "not", properties={"decisioning": {"eligible": False}})
    promotion(client, "full", limits=[cap(0)])
    promotion(client, "no")
    assert client.put("/v1/customers/ann", json={"opt_outs": ["no"]}).status_code == 201
    wanted = ["draft", "later", "over", "vip", "not", "full", "no", "nope"]
    answer = decided(client, candidates=wanted)
    assert answer["choice"] is None
    assert excluded(answer) == {
        "draft": "draft",
        "later": "not_started",
        "over": "ended",
        "vip": "segment",
        "not": "not_eligible",
        "full": "cap_reached",
        "no": "opted_out",
        "nope": "unknown_promotion",
    }
    assert client.put("/v1/customers/vip", json={"segments": ["vip"]}).status_code == 201
    assert "vip" not in excluded(decided(client, "vip", candidates=wanted))
    for attribute in ("opted_out", "self_excluded"):
        client.put(f"/v1/customers/{attribute}", json={"attributes": {attribute: True}})
        answer = decided(client, attribute)
        assert answer["choice"] is None
        assert set(excluded(answer).values()) == {attribute}
    mistake = {"name": "x", "properties": {"decisioning": {"value": "much"}}}
    refused = client.put("/v1/promotions/x", json=mistake)
    assert code(refused) == (422, "invalid")
    assert refused.json()["errors"][0]["pointer"] == "/properties/decisioning/value"


def test_frequency_caps_and_caps_per_customer_hold_for_one_who_asks_at_once(
    client: httpx.Client,
) -> None:
    """P19: however many tills ask for the same customer at the same moment."""
    settings(client, frequency_cap={"assignments": 3, "days": 7})
    terms = {"properties": {"decisioning": {"max_per_customer": 1, "value": "50"}}}
    for name in "abcde":
        promotion(client, name, **terms)
    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(decided, client, "eve") for _ in range(24)]
        answers = [one.result() for one in asked]
    made = [one["choice"]["promotion_id"] for one in answers if one["choice"]]
    assert len(made) == 3
    assert len(set(made)) == 3
    assert "frequency_cap" in {one for answer in answers for one in excluded(answer).values()}


def test_caps_hold_while_decisions_and_reservations_storm(store_url: str) -> None:
    """P7, P19, N7: exactly, with 32 threads, and on PostgreSQL with two servers."""
    key = new_workspace(store_url)
    servers = 2 if store_url.startswith("postgresql") else 1
    with ExitStack() as stack:
        doors = [stack.enter_context(serving(store_url, key)) for _ in range(servers)]
        settings(doors[0])
        promotion(doors[0], "a", limits=[cap(40)], properties={"decisioning": {"value": "90"}})
        promotion(doors[0], "b", limits=[cap("100", "reward")])

        def one(n: int) -> None:
            door = doors[n % servers]
            if n % 3:
                assert ask(door, f"c{n}").status_code == 200
                return
            body = {"promotion_id": "ab"[n % 2], "customer_id": f"c{n}"}
            held = door.post("/v1/reservations", json=body)
            assert held.status_code in (201, 409), held.text
            if held.status_code == 201:
                named = held.json()["reservation_id"]
                assert door.post(f"/v1/reservations/{named}/confirm", json={}).status_code == 200

        with ThreadPoolExecutor(32) as pool:
            for done in [pool.submit(one, n) for n in range(240)]:
                done.result()
        found = {name: figures(doors[0], name) for name in "ab"}
        assert found["a"]["assigned"] == 40
        assert found["b"]["assigned"] == 20
        last = decided(doors[-1], "late")
        assert excluded(last) == {"a": "cap_reached", "b": "cap_reached"}
    store = open_store(store_url, now_us=0)
    assert verify(store, 1).different == 0
    store.close()


def test_a_reserve_of_two_deviations_holds_in_a_storm(store_url: str) -> None:
    """N7, N8: what was spent and what open promises reserve never pass the budget, with redemptions in between."""
    key = new_workspace(store_url)
    servers = 2 if store_url.startswith("postgresql") else 1
    with ExitStack() as stack:
        doors = [stack.enter_context(serving(store_url, key)) for _ in range(servers)]
        settings(doors[0], reserve="two_sd", gamma=50)
        terms = {"properties": {"decisioning": {"value": "40"}}}
        promotion(doors[0], "a", limits=[cap("150", "reward")], **terms)

        def one(n: int) -> int:
            door = doors[n % servers]
            made = decided(door, f"c{n}")
            if made["choice"] and n % 8 == 0:
                redeem(door, "a", f"c{n}", f"e{n}", assignment_id=made["assignment_id"])
            return bool(made["choice"])

        with ThreadPoolExecutor(32) as pool:
            given = sum(pool.map(one, range(320)))
        assert given > 30, "five euros each: in full thirty would fit"
        spent = float(doors[0].get("/v1/promotions/a").json()["figures"]["reward_cost"]["EUR"])
        (paced,) = doors[0].get("/v1/decisioning/pacing").json()["items"]
        assert spent + float(paced["reserved"]) + float(paced["left"]) == pytest.approx(150)
        assert 0 < spent < spent + float(paced["expected"]) < 150
    store = open_store(store_url, now_us=0)
    assert verify(store, 1).different == 0
    store.close()


def test_the_control_group_is_left_alone_for_good(client: httpx.Client) -> None:
    """P19: about one in twenty, always the same, by whatever is asked; never among the treated."""
    for name in "ab":
        promotion(client, name)
    ids = [f"c{n}" for n in range(800)]
    body = [{"customer_id": one, "decision_id": f"x{one}"} for one in ids]
    batch = client.post("/v1/decisions/batch", json={"decisions": body}).json()["decisions"]
    control = {one["customer_id"] for one in batch if one["control"]}
    assert 0.02 < len(control) / len(ids) < 0.09
    assert all(
        one["choice"] is None and not one["assignment_id"] for one in batch if one["control"]
    )
    again = {one for one in ids[:200] if decided(client, one)["control"]}
    assert again == control & set(ids[:200])
    settings(client, control_share=0.05, control_gets="a", seed="")
    one = sorted(control)[0]
    usual = decided(client, one)
    assert (usual["control"], usual["choice"]["promotion_id"]) == (True, "a")


def test_modes_watch_stop_and_fix_what_is_offered(client: httpx.Client) -> None:
    """P19: an apprentice decides and does not act; the kill switch gives everybody one offer, or none."""
    settings(client, mode="apprentice")
    promotion(client, "a")
    promotion(client, "b")
    watched = decided(client)
    assert (watched["mode"], watched["choice"], watched["assignment_id"]) == (
        "apprentice",
        None,
        None,
    )
    assert explained(client, watched["decision_id"])["candidates"]
    settings(client, mode="fixed", fixed={"promotion_id": "b"})
    fixed = [decided(client, f"f{n}") for n in range(5)]
    assert {one["choice"]["promotion_id"] for one in fixed} == {"b"}
    assert {one["propensity"] for one in fixed} == {1.0}
    settings(client, mode="off")
    assert decided(client)["choice"] is None
    assert figures(client, "a")["assigned"] == 0
    shown = client.get("/v1/decisioning").json()
    assert {one["mode"]: one["decisions"] for one in shown["modes"]} == {
        "apprentice": 1,
        "fixed": 5,
        "off": 1,
    }
    for wrong, pointer in (
        ({"mode": "on"}, "/mode"),
        ({"floor": 0}, "/floor"),
        ({"fixed": {"promotion_id": "nope"}}, "/fixed/promotion_id"),
        ({"speed": 1}, "/speed"),
        ({"frequency_cap": {"assignments": 0, "days": 1}}, "/frequency_cap/assignments"),
    ):
        answer = client.patch("/v1/decisioning", json=wrong)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_other_history_other_ranking_other_customer_other_choice(
    client: httpx.Client,
) -> None:
    """S45, S46: who redeemed one promotion and not the other is offered that one, and told why."""
    promotion(client, "cash")
    promotion(client, "points")
    for customer in ("ann", "bob"):
        lived(client, customer, "cash", redeemed=customer == "ann")
        lived(client, customer, "points", redeemed=customer == "bob")
    settings(client, gamma=1_000)
    chosen = {
        name: [decided(client, name, assign=False) for _ in range(12)] for name in ("ann", "bob")
    }
    for name, favourite in (("ann", "cash"), ("bob", "points")):
        most = Counter(str((one["choice"] or {}).get("promotion_id")) for one in chosen[name])
        assert most.most_common(1)[0][0] == favourite, most
        one = next(o for o in chosen[name] if (o["choice"] or {}).get("promotion_id") == favourite)
        assert one["reasons"][0] == (
            "The customer was given this promotion 6 times and redeemed it 6 times."
        )
        ranked = sorted(
            explained(client, one["decision_id"])["candidates"], key=lambda each: -each["score"]
        )
        assert ranked[0]["promotion_id"] == favourite


def test_a_reward_used_more_often_than_it_was_given_is_said_so(client: httpx.Client) -> None:
    """S46: the reason counts both, and is no share of one in the other."""
    promotion(client, "cash")
    settings(client, gamma=1_000)
    given = {"promotion_id": "cash", "customer_id": "ann", "assigned_at": "2026-10-02T10:00:00Z"}
    assert client.post("/v1/assignments", json=given).status_code == 200
    for event in ("first", "second"):
        redeem(client, "cash", "ann", event)
    one = next(o for _ in range(12) if (o := decided(client, "ann", assign=False))["choice"])
    assert one["reasons"][0] == "The customer was given this promotion once and redeemed it twice."


def test_what_is_worth_more_in_money_is_not_asked_where_nobody_said_its_worth(
    client: httpx.Client,
) -> None:
    """N10: the refusal says what has to be told first."""
    promotion(client, "cash")
    change = {"offer": {"promotion_id": "cash"}, "cost": "4.00"}
    answer = client.post("/v1/decisioning/what-if", json=change)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/cost")
    assert "give promotions a decisioning.value" in answer.json()["detail"]


def test_a_redemption_is_learned_at_once_and_unlearned_when_reversed(client: httpx.Client) -> None:
    """N9, N11: one id leads from the decision to the assignment, the redemption, the reversal and the revisions."""
    settings(client, floor=1.0)
    promotion(client, "a")
    promotion(client, "b")
    made = next(one for n in range(40) if (one := decided(client, f"c{n}"))["choice"])
    one, offer, who = made["decision_id"], made["choice"]["promotion_id"], made["customer_id"]
    first = learned(client, redeemed=0)
    assert first["decisions"] >= 1
    told = redeem(client, offer, who, "e1", order_value="80")
    assert told["assignment_id"] == made["assignment_id"] == f"dec-{one}"
    second = learned(client, redeemed=1)
    assert second["revision"] > first["revision"]
    reverse(client, "e1")
    third = learned(client, redeemed=0)
    assert third["decisions"] == first["decisions"]
    whole = explained(client, one)
    assert [step["kind"] for step in whole["trace"]] == ["assignment", "redemption", "reversal"]
    assert [step["what"] for step in whole["trace"]][1] == "reversed"
    (label,) = whole["learned"]
    assert (label["redeemed"], label["first_revision"], label["revision"]) == (
        False,
        first["revision"],
        third["revision"],
    )


def test_an_assignment_the_brand_makes_of_a_decision_is_learned_too(client: httpx.Client) -> None:
    """N9, N11: with `assign` false nothing is given here, and what is reported with the id is linked."""
    settings(client)
    promotion(client, "a")
    made = next(one for n in range(40) if (one := decided(client, f"c{n}", assign=False))["choice"])
    assert made["assignment_id"] is None
    assert figures(client, "a")["assigned"] == 0
    body = {"promotion_id": "a", "customer_id": made["customer_id"], "assignment_id": "mine"}
    body |= {"assigned_at": datetime.now(UTC).isoformat(), "decision_id": made["decision_id"]}
    assert client.post("/v1/assignments", json=body).json()["outcome"] == "counted"
    learned(client, decisions=1, redeemed=0)
    redeem(client, "a", made["customer_id"], "e1")
    learned(client, decisions=1, redeemed=1)
    assert [s["id"] for s in explained(client, made["decision_id"])["trace"]] == ["mine", "e1"]
    assert client.delete("/v1/assignments/mine").status_code == 200
    learned(client, decisions=0, redeemed=0)


def test_the_assignment_of_a_decision_lies_in_the_row_of_its_channels(client: httpx.Client) -> None:
    promotion(client, "p")
    settings(client, control_share=0)
    decided(client, "ann", context={"channel": "sms+email"})
    (row,) = client.get("/v1/promotions/p/breakdown", params={"by": "channel"}).json()["rows"]
    assert (row["key"], row["assigned"]) == ("email+sms", 1)


def test_a_timeline_tells_what_happened_to_a_customer(client: httpx.Client) -> None:
    """S44: assignments, redemptions, reversals, outcomes and decisions, with what they come to, in pages."""
    promotion(client, "a")
    settings(client)
    lived(client, "ann", "a", redeemed=True)
    reverse(client, "e-ann-a-20")
    at = datetime.now(UTC) - timedelta(days=1)
    body = {
        "customer_id": "ann",
        "occurred_at": at.isoformat(),
        "value": "31.50",
        "currency": "EUR",
    }
    told = client.post("/v1/outcomes", json=body | {"outcome_id": "o1", "measure": "order_value"})
    assert told.status_code == 200, told.text
    made = decided(client)
    whole = client.get("/v1/customers/ann/timeline", params={"order": "oldest"}).json()
    kinds = Counter(one["kind"] for one in whole["items"])
    given = 6 + (made["choice"] is not None)
    assert kinds == {
        "assignment": given,
        "redemption": 6,
        "reversal": 1,
        "outcome": 1,
        "decision": 1,
    }
    summary = whole["summary"]
    assert (summary["assignments"], summary["redemptions"], summary["reversed"]) == (given, 5, 1)
    assert summary["reward_cost"] == {"EUR": "25.00"}
    assert 14 < summary["recency_days"] < 15.1
    assert whole["items"][0]["id"] == "ann-a-20"
    pages: list[Any] = []
    cursor: Any = "0"
    while cursor is not None:
        query = f"limit=4&cursor={cursor}"
        page = client.get(f"/v1/customers/ann/timeline?{query}").json()
        pages += page["items"]
        cursor = page["next"]
    assert pages == whole["items"][::-1]
    assert client.get("/v1/customers/nobody/timeline").status_code == 404
    assert client.get("/v1/customers/ann/timeline?order=up").status_code == 422


def test_the_log_is_for_other_tools(client: httpx.Client) -> None:
    """P19: context, action, propensity and reward, as lines, as a table, and in the form of Vowpal Wabbit."""
    settings(client, floor=0.5)
    for name in "ab":
        promotion(client, name, properties={"decisioning": {"value": "20"}})
    made = [decided(client, f"c{n}", context={"plan": "gold"}) for n in range(12)]
    one = next(each for each in made if each["choice"])
    redeem(client, one["choice"]["promotion_id"], one["customer_id"], "e", order_value="99")
    learned(client, redeemed=1)
    lines = client.get("/v1/decisioning/log").text.splitlines()
    assert len(lines) == 12
    table = client.get("/v1/decisioning/log?format=csv").text.splitlines()
    assert len(table) == 13
    assert {one["explored"] for one in csv.DictReader(table)} <= {"true", "false"}
    found = [httpx.Response(200, text=line).json() for line in lines]
    row = next(each for each in found if each["decision_id"] == one["decision_id"])
    assert row["context"] == {"plan=gold": 1.0}
    assert abs(sum(each["propensity"] for each in row["actions"]) - 1) < 1e-12
    assert row["actions"][row["action"]]["promotion_id"] == one["choice"]["promotion_id"]
    assert row["propensity"] == row["actions"][row["action"]]["propensity"]
    assert (row["redeemed"], row["reward"], row["order_value"]) == (1, 15.0, "99.00")
    wabbit = httpx.Response(
        200, text=client.get("/v1/decisioning/log?format=dsjson").text.splitlines()[0]
    ).json()
    assert wabbit["_label_probability"] == wabbit["p"][wabbit["_labelIndex"]]
    assert client.get("/v1/decisioning/log?format=xml").status_code == 422


def test_a_batch_is_decided_once(client: httpx.Client) -> None:
    """P19, N8: safe to send twice; one that contradicts an earlier one does not stop the others."""
    settings(client)
    promotion(client, "a", limits=[cap(25)])
    body = {"decisions": [{"customer_id": f"c{n}", "decision_id": f"b{n}"} for n in range(60)]}
    first = client.post("/v1/decisions/batch", json=body)
    assert first.status_code == 200, first.text
    assert first.json() == client.post("/v1/decisions/batch", json=body).json()
    assert first.json()["assigned"] == 25 == figures(client, "a")["assigned"]
    body["decisions"][3]["customer_id"] = "other"
    (problem,) = client.post("/v1/decisions/batch", json=body).json()["problems"]
    assert (problem["index"], problem["code"]) == (3, "event_conflict")
    wrong = {"decisions": [{"customer_id": "a", "decision_id": "ok"}, {"customer_id": "b"}]}
    refused = client.post("/v1/decisions/batch", json=wrong)
    assert refused.json()["errors"][0]["pointer"] == "/decisions/1/decision_id"


def test_what_was_learned_is_rebuilt_from_the_log(store_url: str, client: httpx.Client) -> None:
    """N9: replaying every decision gives the same state, to the last bit; so does a redemption that was undone."""
    settings(client, floor=0.5)
    for name in "ab":
        promotion(client, name, tiers=[{"tier_id": "x"}, {"tier_id": "y", "reward_value": "1"}])
    made = [decided(client, f"c{n}", context={"plan": "ab"[n % 2]}) for n in range(30)]
    offers = [one for one in made if one["choice"]]
    learned(client, decisions=len(offers), redeemed=0)
    store = open_store(store_url, now_us=0)

    def state() -> tuple[Any, ...]:
        row = store.read(lambda tx: tx.one("learned", workspace_no=1))
        assert row is not None
        return row[1:4]

    before = state()
    for one in offers[:6]:
        name, who = one["choice"]["promotion_id"], one["customer_id"]
        redeem(client, name, who, f"e{who}", assignment_id=one["assignment_id"])
    learned(client, redeemed=6)
    after = state()
    assert after != before
    store.change(lambda tx: relearn(tx, 1, now_us=0))
    assert state() == after
    for one in offers[:6]:
        reverse(client, f"e{one['customer_id']}")
    learned(client, redeemed=0)
    assert state() == before
    store.close()


def test_a_scarce_budget_gets_a_price(client: httpx.Client) -> None:
    """N8: what is asked for more than it lasts gets dearer, and is never overspent."""
    settings(client)
    promotion(
        client, "a", limits=[cap("60", "reward")], properties={"decisioning": {"value": "40"}}
    )
    for n in range(12):
        decided(client, f"c{n}")
    (budget,) = client.get("/v1/decisioning/pacing").json()["items"]
    assert (budget["promotion_id"], budget["budget"], budget["currency"]) == ("a", "60.00", "EUR")
    assert budget["price"] > 0
    body = {"decisions": [{"customer_id": f"b{n}", "decision_id": f"b{n}"} for n in range(100)]}
    assert client.post("/v1/decisions/batch", json=body).status_code == 200
    (budget,) = client.get("/v1/decisioning/pacing").json()["items"]
    assert float(budget["left"]) >= 0
    assert figures(client, "a")["assigned"] <= 12  # type: ignore[operator]
