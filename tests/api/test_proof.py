"""The proof of decisions over HTTP: estimates from the log, measured uplift, what-if, versions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from promosight.flows.decisioning.learning import relearn
from promosight.store.engine import open_store
from tests.api.deciding import decided, learned, redeem, settings
from tests.api.server import client_of, new_workspace, promotion
from tests.api.worlds import DAYS, FIRST, PLANS, World, alike, personal, world_of

ENGINES = ("sqlite", "postgresql")


def asked(client: httpx.Client, path: str, **query: Any) -> Any:
    answer = client.get(f"/v1/decisioning/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.fixture(scope="module", params=ENGINES)
def differing(request: pytest.FixtureRequest) -> Iterator[World]:
    """Customers of either plan redeem the offer of their plan."""
    yield from world_of(request, personal, 4)


@pytest.fixture(scope="module", params=ENGINES)
def uniform(request: pytest.FixtureRequest) -> Iterator[World]:
    """Customers redeem alike, one offer more often than the other."""
    yield from world_of(request, alike, 5)


@pytest.fixture
def sandbox(request: pytest.FixtureRequest, engine: str) -> Iterator[httpx.Client]:
    """A client of a fresh sandbox on the servers that tests share."""
    url, address = request.getfixturevalue(f"shared_{engine}_server")
    with client_of(address, new_workspace(url, sandbox=True)) as client:
        yield client


def test_where_customers_differ_the_gain_is_shown(differing: World) -> None:
    """P19, S46: personal differences are a gain over the best fixed offer, and over the control group."""
    found = asked(differing.client, "evaluation")
    assert found["verdict"] == "gain", found
    policies = {one["policy"]: one for one in found["policies"]}
    assert set(policies) == {"logged", "current", "best_fixed", "uniform"}
    for one in policies.values():
        assert one["gate"] in ("supported", "low overlap")
        for name in ("dr", "snips", "ips"):
            low, high = one[name]["interval"]
            assert low < one[name]["value"] < high
        assert 1_000 <= one["effective_sample_size"] <= found["used"]
    assert policies["current"]["dr"]["value"] > policies["uniform"]["dr"]["value"]
    assert found["against_best_fixed"]["estimate"]["interval"][0] > 0
    assert found["measured"]["per_customer"]["interval"][0] > 0
    assert found["measured"]["basis"] == "redemptions"
    assert (found["unit"], found["horizon_days"]) == ("EUR", 3)
    by_redemption = asked(differing.client, "evaluation", objective="redemption")
    assert by_redemption["unit"] == "redemptions"
    assert by_redemption["verdict"] == "gain"


def test_where_customers_are_alike_no_gain_is_claimed(uniform: World) -> None:
    """P19: a policy that has nothing to tell customers apart by does not beat the best fixed offer, and it is said."""
    found = asked(uniform.client, "evaluation")
    assert found["verdict"] in ("no gain", "worse"), found
    assert found["against_best_fixed"]["estimate"]["interval"][0] <= 0
    assert "o gain is shown" in found["verdict_words"] or "less than" in found["verdict_words"]
    assert found["fixed_order"][0] == "gold"


def test_where_fixed_offers_are_hardly_known_the_benchmark_is_compared_with(
    sandbox: httpx.Client,
) -> None:
    """P19: among many offers a fixed one is chosen too rarely to be judged; one named beforehand can be."""
    world = World(sandbox, personal, seed=2)
    for n in range(14):
        promotion(sandbox, f"other-{n}", properties={"decisioning": {"value": "24"}})
    mark = {"promotion_id": "basic", "share": 0.4}
    settings(sandbox, control_share=0.05, floor=0.3, gamma=5, exploration="igw", benchmark=mark)
    for number in range(3):
        world.week(number)
    found = asked(sandbox, "evaluation")
    policies = {one["policy"]: one for one in found["policies"]}
    assert list(policies) == ["logged", "current", "best_fixed", "uniform", "benchmark"]
    assert policies["benchmark"]["effective_sample_size"] > 1_000
    assert found["against_best_fixed"]["estimate"] is None, found["against_best_fixed"]
    assert found["against_benchmark"]["estimate"] is not None, found["against_benchmark"]
    assert found["verdict"] in ("gain", "no gain", "worse")
    assert "benchmark, basic for everybody" in found["verdict_words"]


def test_value_over_time_has_ours_the_control_group_and_the_best_fixed_offer(
    differing: World,
) -> None:
    """P19: week by week with intervals, what was offered to whom, and how well it was known."""
    found = asked(differing.client, "value")
    weeks = found["periods"]
    assert [one["from"] for one in weeks] == [
        "2026-10-05",
        "2026-10-12",
        "2026-10-19",
        "2026-10-26",
    ]
    assert all(one["settled"] for one in weeks)
    assert sum(one["decisions"] for one in weeks) == found["used"] == found["whole"]["decisions"]
    for one in weeks:
        assert one["ours"]["interval"][0] > 0
        assert one["control"]["value"] == 0
        assert one["control_decisions"] > 50
        assert one["learning"]["log_loss"] > 0
    assert weeks[-1]["learning"]["gain"] > weeks[0]["learning"]["gain"]
    assert found["whole"]["best_fixed"]["value"] < found["whole"]["ours"]["value"]
    everybody, *segments = found["mix"]
    assert everybody["segment"] is None
    assert sum(one["share"] for one in everybody["offers"]) == pytest.approx(1)
    assert [one["segment"] for one in segments] == ["vip"]
    days = asked(differing.client, "value", by="day")["periods"]
    assert len(days) == 4 * DAYS
    for query, pointer in (({"by": "year"}, "/by"), ({"until": "2026-10-01T00:00:00Z"}, "/until")):
        refused = differing.client.get("/v1/decisioning/value", params=query)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == pointer


def what_if(world: World, **change: Any) -> Any:
    answer = world.client.post("/v1/decisioning/what-if", json=change)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_if_is_answered_from_the_log(differing: World) -> None:
    """N10: another worth, audience or amount of trying; with an interval where the log tells enough."""
    gold, basic = {"promotion_id": "gold"}, {"promotion_id": "basic"}
    dearer = what_if(differing, offer=gold, value="50")
    assert dearer["verdict"] == "gain", dearer
    assert dearer["difference"]["estimate"]["interval"][0] > 0
    assert dearer["changed"]["dr"]["value"] > dearer["current"]["dr"]["value"]
    assert dearer["assumes"]
    assert what_if(differing, offer=gold, cost="24")["verdict"] == "worse"
    assert what_if(differing, offer=gold, withdrawn=True)["verdict"] == "worse"
    assert what_if(differing, floor=1.0)["verdict"] == "worse"
    swapped = what_if(differing, offer=gold, instead=basic)
    assert swapped["verdict"] in ("worse", "not enough support")
    some = what_if(differing, offer=basic, segments=["vip"])
    assert 0 < some["affected"] < 0.5
    nothing = what_if(differing, gamma=5)
    assert (nothing["affected"], nothing["verdict"]) == (0, "no gain")


def test_what_if_refuses_what_the_log_cannot_tell(differing: World) -> None:
    """N10: a reward nobody was given has no number; nor has a question that few decisions tell of."""
    gold = {"promotion_id": "gold"}
    unknown = what_if(differing, offer=gold, reward="7.50")
    assert unknown["verdict"] == unknown["difference"]["gate"] == "not enough support"
    assert unknown["difference"]["support"]["reasons"] == ["never_offered"]
    assert (unknown["changed"]["dr"], unknown["difference"]["estimate"]) == (None, None)
    assert "never offered" in unknown["verdict_words"]
    thin = what_if(differing, offer=gold, value="50", until="2026-10-06T00:00:00Z")
    assert thin["verdict"] == "not enough support"
    assert "few_decisions" in thin["difference"]["support"]["reasons"]
    for change, pointer in (
        ({}, ""),
        ({"value": "3"}, "/offer"),
        ({"offer": gold}, ""),
        ({"offer": {"promotion_id": "nope"}, "value": "3"}, "/offer/promotion_id"),
        ({"offer": {**gold, "tier_id": "x"}, "value": "3"}, "/offer/tier_id"),
        ({"offer": gold, "value": "much"}, "/value"),
        ({"offer": gold, "value": "3", "objective": "redemption"}, "/value"),
        ({"floor": 2}, "/floor"),
        ({"gamma": 0}, "/gamma"),
        ({"exploration": "luck"}, "/exploration"),
        ({"gamma": 2, "since": "today"}, "/since"),
        ({"gamma": 2, "horizon_days": -1}, "/horizon_days"),
        ({"gama": 2}, "/gama"),
    ):
        refused = differing.client.post("/v1/decisioning/what-if", json=change)
        assert refused.status_code == 422, (change, refused.text)
        assert refused.json()["errors"][0]["pointer"] == pointer, change


def test_a_young_log_is_not_enough_support(client: httpx.Client) -> None:
    """P19: without settled decisions nothing is estimated, and it is said."""
    settings(client)
    empty = asked(client, "evaluation")
    assert (empty["verdict"], empty["decisions"]) == ("not enough support", 0)
    assert asked(client, "value")["periods"] == []
    promotion(client, "p", properties={"decisioning": {"value": "25"}})
    decided(client, "ann")
    young = asked(client, "evaluation")
    assert (young["verdict"], young["decisions"], young["young"]) == ("not enough support", 1, 1)
    assert {one["gate"] for one in young["policies"]} == {"not enough support"}
    assert {one["dr"] for one in young["policies"]} == {None}
    assert young["measured"]["reason"] == "no_control_group"
    answer = client.post("/v1/decisioning/what-if", json={"gamma": 3})
    assert answer.json()["verdict"] == "not enough support"


def test_versions_are_promoted_when_a_gain_is_shown(differing: World) -> None:
    """P19: a candidate that is worse is refused, one that is better is promoted, by force anything; and back."""
    client = differing.client
    first = asked(client, "versions")
    assert (first["running"], first["versions"][0]["state"]) == (1, "running")
    worse = made(client, settings={"floor": 1.0}, note="only luck")
    better = made(client, settings={"floor": 0.1})
    assert (worse["state"], worse["version"], better["version"]) == ("candidate", 2, 3)
    path = "/v1/decisioning/versions/{}/{}"
    refused = client.post(path.format(2, "promote"))
    assert code(refused) == (409, "no_gain_shown")
    kept = {one["version"]: one for one in asked(client, "versions")["versions"]}
    assert kept[2]["shown"]["estimate"]["value"] < 0
    promoted = client.post(path.format(3, "promote"), json={"note": "shown"})
    assert promoted.status_code == 200, promoted.text
    assert promoted.json()["state"] == "running"
    now = client.get("/v1/decisioning").json()
    assert (now["settings"]["floor"], now["policy_version"].split(".")[0]) == (0.1, "3")
    settings(client, mode="off", control_share=0.1)
    forced = client.post(path.format(2, "promote"), json={"force": True})
    assert forced.json()["state"] == "running"
    now = client.get("/v1/decisioning").json()["settings"]
    assert (now["floor"], now["mode"]) == (1.0, "off"), "the kill switch stays thrown"
    settings(client, mode="live", control_share=0.1)
    back = client.post(path.format(1, "rollback"), json={"note": "enough"})
    assert back.json()["state"] == "running"
    assert client.get("/v1/decisioning").json()["settings"]["floor"] == 0.5
    assert code(client.post(path.format(1, "rollback"))) == (409, "already_running")
    assert client.post(path.format(9, "promote")).status_code == 404
    found = asked(client, "versions")
    assert [one["action"] for one in found["history"]] == [
        "rolled_back",
        "settings",
        "promoted",
        "settings",
        "promoted",
        "created",
        "created",
        "settings",
    ]
    rolled, _, by_force, _, by_proof, *_ = found["history"]
    assert (rolled["version"], rolled["note"], by_force["forced"]) == (1, "enough", True)
    assert by_proof["difference"]["estimate"]["interval"][0] > 0
    assert all(one["by"] for one in found["history"])
    for body, pointer in (
        ({}, "/settings"),
        ({"settings": {"mode": "off"}}, "/settings/mode"),
        ({"settings": {"floor": 0}}, "/settings/floor"),
        ({"settings": {"gamma": "much"}}, "/settings/gamma"),
        ({"settings": {"speed": 1}}, "/settings/speed"),
    ):
        answer = client.post("/v1/decisioning/versions", json=body)
        assert answer.status_code == 422, body
        assert answer.json()["errors"][0]["pointer"] == pointer, body


def test_a_refit_is_promoted_and_taken_back_exactly(differing: World) -> None:
    """P19, N9: what was learned goes to the refit and comes back to the last bit."""
    client = differing.client
    before = client.get("/v1/decisioning").json()["learned"]
    versions = asked(client, "versions")
    refit = made(client, refit=True)
    assert refit["origin"] == "refit"
    path = f"/v1/decisioning/versions/{refit['version']}/promote"
    assert client.post(path).status_code in (200, 409)
    if asked(client, "versions")["running"] != refit["version"]:
        assert client.post(path, json={"force": True}).status_code == 200
    after = client.get("/v1/decisioning").json()["learned"]
    assert (after["decisions"], after["redeemed"]) == (before["decisions"], before["redeemed"])
    assert after["revision"] == before["revision"] + 1
    found = asked(client, "evaluation")
    assert found["verdict"] == "gain"
    back = f"/v1/decisioning/versions/{versions['running']}/rollback"
    assert client.post(back).status_code == 200
    again = client.get("/v1/decisioning").json()["learned"]
    assert (again["decisions"], again["redeemed"]) == (before["decisions"], before["redeemed"])


def test_a_candidate_is_promoted_by_itself_where_a_gain_is_shown(differing: World) -> None:
    """P19: the server looks after automatic candidates: the better one runs, the worse one waits."""
    client = differing.client
    worse = made(client, settings={"floor": 1.0}, automatic=True)
    better = made(client, settings={"floor": 0.1}, automatic=True)
    end = time.monotonic() + 90
    while asked(client, "versions")["running"] != better["version"]:
        assert time.monotonic() < end, asked(client, "versions")
        time.sleep(0.5)
    found = asked(client, "versions")
    lines = {one["version"]: one for one in found["versions"]}
    assert lines[worse["version"]]["state"] == "candidate"
    assert found["history"][0]["by"] == "promosight"
    assert found["history"][0]["difference"]["estimate"]["interval"][0] > 0


def made(client: httpx.Client, **version: Any) -> Any:
    answer = client.post("/v1/decisioning/versions", json=version)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_previews_do_not_count_and_what_the_brand_acts_on_does(sandbox: httpx.Client) -> None:
    """P19: decisions with `assign: false` are judged once their assignments are reported."""
    settings(sandbox, floor=0.5)
    promotion(sandbox, "a", properties={"decisioning": {"value": "25"}})
    body = [{"customer_id": f"c{n}", "decision_id": f"d{n}"} for n in range(40)]
    batch = {"decisions": body, "as_of": FIRST.isoformat(), "assign": False}
    found = sandbox.post("/v1/decisions/batch", json=batch).json()["decisions"]
    assert asked(sandbox, "evaluation", horizon_days=1)["used"] == 0
    reported = [
        {
            "promotion_id": "a",
            "customer_id": one["customer_id"],
            "assigned_at": FIRST.isoformat(),
            "decision_id": one["decision_id"],
        }
        for one in found
        if one["choice"]
    ]
    assert 0 < len(reported) < 40
    assert sandbox.post("/v1/assignments", json=reported).json()["problems"] == []
    learned(sandbox, decisions=len(reported))
    judged = asked(sandbox, "evaluation", horizon_days=2)
    assert (judged["used"], judged["settled"], judged["horizon_days"]) == (40, 40, 2)


def test_of_many_promotions_at_once_each_is_whole(client: httpx.Client) -> None:
    """P19: whoever promotes at the same moment as others: one version runs, and each change is in the history once."""
    numbers = [made(client, settings={"gamma": float(n)})["version"] for n in (20, 30, 40)]

    def promote(version: int) -> int:
        path = f"/v1/decisioning/versions/{version}/promote"
        return client.post(path, json={"force": True}).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(promote, numbers * 4))
    assert set(statuses) <= {200, 409}
    found = asked(client, "versions")
    assert [one["version"] for one in found["versions"] if one["state"] == "running"] == [
        found["running"]
    ]
    promoted = [one["version"] for one in found["history"] if one["action"] == "promoted"]
    assert len(promoted) == statuses.count(200)
    assert promoted[0] == found["running"]
    now = client.get("/v1/decisioning").json()["settings"]
    assert now["gamma"] == 10 * numbers.index(found["running"]) + 20


def test_a_refit_comes_and_goes_to_the_last_bit_and_is_rebuilt(
    store_url: str, client: httpx.Client
) -> None:
    """P19, N9: whatever is learned meanwhile, going back to a version gives what it would have learned."""
    settings(client, floor=0.5)
    for name in PLANS:
        promotion(client, name)
    made_ = [decided(client, f"c{n}", context={"plan": PLANS[n % 2]}) for n in range(40)]
    offers = [one for one in made_ if one["choice"]]
    learned(client, decisions=len(offers))
    store = open_store(store_url, now_us=0)

    def state() -> Any:
        row = store.read(lambda tx: tx.one("learned", workspace_no=1))
        assert row is not None
        return row[1:4]

    version = made(client, refit=True)["version"]
    path = "/v1/decisioning/versions/{}/{}"
    plain = state()
    assert client.post(path.format(version, "promote"), json={"force": True}).status_code == 200
    assert state() != plain
    for one in offers[:6]:
        name, who = one["choice"]["promotion_id"], one["customer_id"]
        redeem(client, name, who, f"e{who}", assignment_id=one["assignment_id"])
    learned(client, redeemed=6)
    with_refit = state()
    store.change(lambda tx: relearn(tx, 1, now_us=0))
    assert state() == with_refit
    assert client.post(path.format(1, "rollback")).status_code == 200
    without = state()
    store.change(lambda tx: relearn(tx, 1, now_us=0))
    assert state() == without
    store.close()


def test_measured_uplift_counts_all_orders_where_they_are_told(client: httpx.Client) -> None:
    """P19: outcomes of both groups, whether an offer was behind them or not."""
    promotion(client, "a", properties={"decisioning": {"value": "25"}})
    settings(client, control_share=0.4)
    body = [{"customer_id": f"c{n}", "decision_id": f"d{n}"} for n in range(300)]
    decisions = client.post("/v1/decisions/batch", json={"decisions": body}).json()["decisions"]
    control = {one["customer_id"] for one in decisions if one["control"]}
    orders = [
        {
            "outcome_id": f"o{n}",
            "customer_id": f"c{n}",
            "measure": "order_value",
            "value": "20" if f"c{n}" in control else "50",
            "currency": "EUR",
            "occurred_at": datetime.now(UTC).isoformat(),
        }
        for n in range(300)
    ]
    told = client.post("/v1/outcomes", json=orders)
    assert told.status_code == 200, told.text
    found = asked(client, "evaluation")["measured"]
    assert (found["basis"], found["control"]) == ("outcomes", len(control))
    assert (found["treated_mean"], found["control_mean"]) == (50, 20)
    low, high = found["per_customer"]["interval"]
    assert 0 < low < 30 < high
    assert found["words"].startswith("A customer decided on brings more")


def test_redemptions_alone_are_not_called_a_gain_over_those_who_have_nothing_to_redeem(
    client: httpx.Client,
) -> None:
    promotion(client, "a", properties={"decisioning": {"value": "25"}})
    settings(client, control_share=0.4)
    body = [{"customer_id": f"c{n}", "decision_id": f"d{n}"} for n in range(200)]
    decisions = client.post("/v1/decisions/batch", json={"decisions": body}).json()["decisions"]
    for one in decisions:
        if one["choice"] is not None:
            redeem(client, "a", one["customer_id"], f"r-{one['decision_id']}")
    learned(client)
    found = asked(client, "evaluation")["measured"]
    assert (found["basis"], found["control_mean"]) == ("redemptions", 0)
    assert found["per_customer"]["interval"][0] > 0
    assert "has nothing to redeem" in found["words"]
    assert "no gain" in found["words"]


def test_the_apprentice_has_a_match_rate(client: httpx.Client) -> None:
    """P19: how often it would have chosen what was done, by the usual answer or by what the brand reports."""
    promotion(client, "a", properties={"decisioning": {"value": "25"}})
    settings(client, mode="apprentice", control_gets="a", floor=0.5)
    watched = [decided(client, f"c{n}") for n in range(40)]
    assert {one["choice"]["promotion_id"] for one in watched} == {"a"}
    found = asked(client, "versions")["apprentice"]
    assert found["decisions"] == 40
    assert 0 < found["rate"] < 1
    low, high = found["interval"]
    assert low < found["rate"] < high
