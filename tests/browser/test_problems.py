"""P10: the problem inbox as people work with it, and the files that were sent."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
from playwright.sync_api import expect

from tests.api.server import promotion
from tests.browser.conftest import SignedIn
from tests.browser.shop import ago, assign, redemption


def test_a_waiting_event_says_why_and_leaves_by_itself(
    signed_in: SignedIn, server: httpx.Client
) -> None:
    """S10: it is listed with its payload and what to do; defining what it waits for empties the list."""
    server.post("/v1/redemptions", json=redemption("LATER", 1))
    page = signed_in("marketer")
    page.get_by_role("link", name="Problems").click()
    page.get_by_role("button", name="Unknown promotion Pending").click()
    expect(page).to_have_url(re.compile("reason=unknown_promotion"))
    page.get_by_role("table").get_by_role("button", name="Unknown promotion").click()
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text("What to do")
    expect(drawer).to_contain_text('"event_id": "LATER-1"')
    # There is no page of what nobody has defined; there is one of the customer.
    expect(drawer.get_by_role("link", name="LATER")).to_have_count(0)
    expect(drawer.get_by_role("link", name="c-1")).to_be_visible()
    page.keyboard.press("Escape")
    promotion(server, "LATER")
    expect(page.get_by_role("table").get_by_text("LATER-1")).to_have_count(0)


def test_a_misspelled_promotion_is_explained(signed_in: SignedIn, server: httpx.Client) -> None:
    """N6: opening the problem says what it most likely means, and what speaks for it."""
    promotion(server, "NEAR-25")
    assign(server, "NEAR-25", range(5))
    server.post("/v1/redemptions", json=[redemption("near25", n) for n in range(5)])
    page = signed_in("viewer", "/problems?q=near25")
    page.get_by_role("table").get_by_role("button", name="Unknown promotion").first.click()
    reasons = page.get_by_role("dialog").get_by_role("region", name="Likely reasons")
    expect(reasons).to_contain_text("near25 is NEAR-25, written otherwise")
    expect(reasons).to_contain_text("5 of 5 customers who wait were given it")
    expect(reasons).to_contain_text("5 redemptions wait for it")
    expect(reasons.get_by_role("button")).to_have_count(0)  # P14: a viewer says nothing


def test_what_a_word_means_is_said_once_counts_and_is_taken_back(
    signed_in: SignedIn, server: httpx.Client
) -> None:
    """N6: one button, a question before it, and the list of mappings to undo it."""
    promotion(server, "MEANT-25")
    assign(server, "MEANT-25", range(4))
    server.post("/v1/redemptions", json=[redemption("meant25", n) for n in range(4)])
    page = signed_in("marketer", "/problems?q=meant25")
    page.get_by_role("table").get_by_role("button", name="Unknown promotion").first.click()
    page.get_by_role("button", name="This is MEANT-25: map and count 4 redemptions").click()
    question = page.get_by_role("dialog", name="Does meant25 mean MEANT-25?")
    question.get_by_role("button", name="Map and count 4 redemptions").click()
    expect(page.get_by_role("table").get_by_text("meant25-1")).to_have_count(0)
    assert server.get("/v1/promotions/MEANT-25").json()["figures"]["redeemed"] == 4
    mappings = page.get_by_role("region", name="Mappings")
    expect(mappings).to_contain_text("meant25 means MEANT-25")
    mappings.get_by_role("button", name="End: meant25").click()
    page.get_by_role("button", name="End the mapping").click()
    expect(mappings).to_contain_text("Ended")
    expect(page.get_by_role("table").get_by_text("meant25-1").first).to_be_visible()
    assert server.get("/v1/promotions/MEANT-25").json()["figures"]["redeemed"] == 0


def test_refused_events_are_mended_and_replayed(signed_in: SignedIn, server: httpx.Client) -> None:
    """All of them at once, and the page says what became of them."""
    promotion(server, "DRAFT", status="draft")
    server.post("/v1/assignments", json=_assigned("DRAFT", 1))
    told = redemption("DRAFT", 1) | {"redeemed_at": "yesterday"}
    assert server.post("/v1/redemptions", json=told).status_code == 422
    page = signed_in("marketer", "/problems?reason=invalid")
    page.get_by_role("button", name=re.compile("^Replay all 1")).click()
    expect(page.get_by_text("1 sent again: 1 rejected")).to_be_visible()


def test_a_viewer_may_look_but_not_replay(signed_in: SignedIn, server: httpx.Client) -> None:
    """P14."""
    server.post("/v1/redemptions", json={"event_id": "broken"})
    page = signed_in("viewer", "/problems")
    expect(page.get_by_role("table").get_by_role("button", name="Invalid").first).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Replay"))).to_have_count(0)


def test_problems_leave_as_csv(signed_in: SignedIn, server: httpx.Client) -> None:
    server.post("/v1/redemptions", json={"event_id": "=1+1"})
    page = signed_in("viewer", "/problems?reason=invalid")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV", exact=True).click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert text.startswith("received_at,source,")
    assert "'=1+1" in text  # a spreadsheet must not calculate it


def test_a_file_is_sent_and_its_rows_are_told(
    signed_in: SignedIn, server: httpx.Client, tmp_path: Path
) -> None:
    """S6: a batch from the page; what it could not take can be downloaded."""
    promotion(server, "FILE")
    rows = [f"FILE,c-{n},{ago(days=1)}" for n in range(50)]
    file = tmp_path / "given.csv"
    file.write_text("\n".join(["promotion_id,customer_id,assigned_at", *rows, "FILE,,"]))
    page = signed_in("marketer", "/batches")
    page.get_by_role("button", name="Send a file").first.click()
    page.get_by_role("combobox", name="What it holds").click()
    page.get_by_role("option", name="Assignments").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="File", exact=True).click()
    chooser.value.set_files(file)
    page.get_by_role("button", name="Send", exact=True).click()
    line = page.get_by_role("listitem").filter(has_text="given.csv")
    expect(line).to_contain_text("Done")
    expect(line).to_contain_text("50")
    expect(line.get_by_role("link", name="Download 1 problem row")).to_be_visible()


def _assigned(promotion_id: str, customer: int) -> dict[str, str]:
    return {
        "promotion_id": promotion_id,
        "customer_id": f"c-{customer}",
        "assigned_at": ago(days=1),
    }
