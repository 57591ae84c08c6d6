"""Decisioning in the browser: what it gained, why a decision was made, and the switch that stops it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.api.deciding import settings
from tests.api.server import new_workspace, promotion, serving
from tests.api.worlds import World
from tests.browser.conftest import SignedIn
from tests.browser.files import kept

WEEKS = 4


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server over an empty sandbox, where weeks of decisions can be told at once."""
    url = f"sqlite:///{tmp_path_factory.mktemp('store')}/promosight.db"
    with serving(url, new_workspace(url, sandbox=True)) as client:
        yield client


@pytest.fixture(scope="module")
def world(server: httpx.Client) -> World:
    """Weeks of decisions for customers of two plans, who redeem the offer of their plan."""
    told = World(server, lambda plan, offer: 0.4 if plan == offer else 0.02)
    settings(server, floor=0.4, control_share=0.1)
    for number in range(WEEKS):
        told.week(number)
    return told


def redeemed_decision(client: httpx.Client) -> dict[str, Any]:
    """A decision whose offer was redeemed."""
    log = client.get("/v1/decisioning/log", params={"format": "ndjson"})
    lines = (httpx.Response(200, text=one).json() for one in log.text.splitlines())
    return next(one for one in lines if one["redeemed"])


def test_before_the_first_decision_the_page_shows_how_to_ask(
    signed_in: SignedIn, server: httpx.Client
) -> None:
    """The example names a promotion of this workspace."""
    promotion(server, "gold", properties={"decisioning": {"value": "25"}})
    page = signed_in("marketer", "/decisioning")
    expect(page.get_by_role("heading", name="Ask for the first decision")).to_be_visible()
    code = page.get_by_role("region", name="A decision in curl")
    expect(code).to_contain_text("/v1/decisions")
    expect(code).to_contain_text('"gold"')


def test_what_was_gained_is_said_in_words_and_shown_with_intervals(
    signed_in: SignedIn, world: World
) -> None:
    """P19: the gain over the best fixed offer, the control group, the mix, and the learning curve."""
    page = signed_in("viewer", "/decisioning")
    gained = page.get_by_role("region", name="What it gained")
    expect(gained.get_by_text("per decision over the best fixed offer")).to_be_visible()
    expect(gained.get_by_text("with 95% confidence")).to_be_visible()
    expect(gained.get_by_text("in the control group.")).to_be_visible()
    for name in ("The policy now", "Best fixed offer", "At random", "Control group"):
        expect(gained.get_by_role("row", name=name)).to_be_visible()
    expect(page.get_by_role("figure", name="Value per decision over time")).to_be_visible()
    mix = page.get_by_role("region", name="Offer mix by segment")
    expect(mix.get_by_text("Vip")).to_be_visible()
    expect(page.get_by_role("button", name="Change mode")).to_have_count(0)


def test_what_decisioning_shows_leaves_as_files(
    signed_in: SignedIn, world: World, server: httpx.Client
) -> None:
    """P24, P19: policies, value over time, the mix, versions and candidates, to the last digit."""
    page = signed_in("viewer", "/decisioning")
    policies = kept(page, page.get_by_role("button", name="CSV: policies"))
    said = server.get("/v1/decisioning/evaluation").json()["policies"]
    values = {one["policy"]: one["value"] for one in policies.rows}
    assert values.pop("control")
    assert {one: float(value) for one, value in values.items()} == {
        one["policy"]: one["dr"]["value"] for one in said
    }
    value = kept(page, page.get_by_role("button", name="CSV: value by week"))
    told = server.get("/v1/decisioning/value", params={"by": "week"}).json()
    assert [int(one["decisions"]) for one in value.rows] == [
        one["decisions"] for one in told["periods"]
    ]
    mix = kept(page, page.get_by_role("button", name="CSV: offer mix"))
    assert {one["segment"] for one in mix.rows} >= {"", "vip"}
    assert kept(page, page.get_by_role("button", name="CSV: learning")).rows
    page.goto("/decisioning?tab=versions")
    versions = kept(page, page.get_by_role("button", name="CSV: policy versions"))
    assert versions.name.startswith("policy-versions-20")
    assert "running" in [one["state"] for one in versions.rows]
    one = redeemed_decision(server)
    page.goto(f"/decisioning/decisions/{one['decision_id']}")
    candidates = kept(page, page.get_by_role("button", name="CSV: candidates"))
    (chosen,) = (each for each in candidates.rows if each["chosen"] == "true")
    assert (chosen["promotion_id"], float(chosen["propensity"])) == (
        *(one["promotion_id"], one["propensity"]),
    )


def test_what_the_log_cannot_tell_is_not_guessed(
    signed_in: SignedIn, world: World, server: httpx.Client
) -> None:
    """N10: what if an offer that nobody was ever given took another's place."""
    promotion(server, "NEVER-GIVEN")
    page = signed_in("marketer", "/decisioning?tab=what-if")
    choose(page, "What would be different", "Another offer takes its place")
    choose(page, "Offer", "gold")
    choose(page, "Instead", "NEVER-GIVEN")
    page.get_by_role("button", name="Estimate").click()
    answer = page.get_by_role("region", name="Answer")
    expect(answer.get_by_text("Not enough support", exact=True)).to_be_visible()
    choose(page, "What would be different", "An offer is withdrawn")
    page.get_by_role("button", name="Estimate").click()
    expect(answer.get_by_text("less per decision").first).to_be_visible()


def test_a_decision_is_explained_and_traced_from_the_customers_timeline(
    signed_in: SignedIn, world: World, server: httpx.Client
) -> None:
    """S44, S46, N11: history, reasons, candidates, replay, and the way from the decision to what was learned."""
    one = redeemed_decision(server)
    page = signed_in("viewer", "/customers")
    page.get_by_role("textbox", name="Customer id").fill(one["customer_id"])
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name=one["customer_id"])).to_be_visible()
    expect(page.get_by_text("Last redeemed")).to_be_visible()
    page.get_by_role("radiogroup", name="What is shown").get_by_text("Decisions").click()
    expect(page).to_have_url(f"/customers/{one['customer_id']}?kind=decision")
    found = page.get_by_role("listitem").filter(has_text=one["decision_id"])
    found.locator("a[href^='/decisioning/decisions/']").first.click()
    expect(page.get_by_role("heading", name=one["decision_id"])).to_be_visible()
    choice = page.get_by_role("region", name="Choice")
    expect(choice.get_by_text("It is redeemed with a probability of")).to_be_visible()
    expect(choice.get_by_text("come out equal to the last digit")).to_be_visible()
    chosen = page.get_by_role("row", name="Chosen")
    expect(chosen).to_contain_text(one["promotion_id"])
    trace = page.get_by_role("region", name="What came of it")
    for step in ("Decision", "Assignment", "Redemption", "Learned as redeemed"):
        expect(trace.get_by_role("listitem").filter(has_text=step).first).to_be_visible()


def test_a_setting_that_cannot_be_is_told_at_its_field(
    signed_in: SignedIn, world: World, server: httpx.Client, faults: list[str]
) -> None:
    page = signed_in("marketer", "/decisioning?tab=settings")
    page.get_by_label("Always at random").fill("0.1")
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_text("Must be from 0.5% to 100%.")).to_be_visible()
    faults.clear()
    page.get_by_label("Always at random").fill("45")
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_text("The settings are saved.")).to_be_visible()
    assert server.get("/v1/decisioning").json()["settings"]["floor"] == 0.45


def test_the_kill_switch_gives_everybody_the_same(
    signed_in: SignedIn, world: World, server: httpx.Client
) -> None:
    """P19: a marketer stops choosing after being asked; from then on the fixed offer is answered."""
    page = signed_in("marketer", "/decisioning")
    page.get_by_role("button", name="Change mode").click()
    dialog = page.get_by_role("dialog", name="Change mode")
    dialog.get_by_label("Fixed offer (kill switch)").check()
    choose(page, "What everybody gets", "basic")
    dialog.get_by_role("button", name="Give everybody this").click()
    state = page.get_by_role("region", name="State")
    expect(state.get_by_text("Kill switch on")).to_be_visible()
    expect(state.get_by_text("basic")).to_be_visible()
    asked = {"customer_id": "anybody", "decision_id": "after the switch"}
    answer = server.post("/v1/decisions", json=asked).json()
    assert answer["mode"] in ("fixed", "control"), answer
    if answer["mode"] == "fixed":
        assert answer["choice"] == {"promotion_id": "basic", "tier_id": None}


def choose(page: Page, label: str, option: str) -> None:
    """Chooses from a list by its label."""
    page.get_by_role("combobox", name=label, exact=True).or_(
        page.get_by_role("textbox", name=label, exact=True)
    ).click()
    page.get_by_role("option", name=option, exact=True).click()
