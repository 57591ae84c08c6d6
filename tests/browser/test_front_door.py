"""The front door: the page loads, whatever address of it is opened."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE_MS


@pytest.mark.parametrize("address", ["/", "/promotions/SPRING20"])
def test_the_page_opens(page: Page, address: str) -> None:
    """Nothing fails while it does: see `page`."""
    page.goto(address)
    expect(page.get_by_role("heading", name="Promosight")).to_be_visible()


def test_what_goes_wrong_unseen_is_noticed(page: Page, faults: list[str]) -> None:
    """The net below the other tests holds, and the page may speak to nobody but its own server."""
    page.goto("/")
    page.evaluate("""() => {
        console.error("so");
        fetch("/v1/promotions");
        fetch("http://127.0.0.1:1/").catch(() => {});
        setTimeout(() => { throw new Error("much") });
    }""")
    wanted = (
        "console error: so",
        "error: much",
        "GET /v1/promotions was answered 401",
        "http://127.0.0.1:1/' violates the following Content Security Policy",
    )
    for _ in range(PATIENCE_MS // 50):
        if all(one in "\n".join(faults) for one in wanted):
            break
        page.wait_for_timeout(50)
    seen = "\n".join(faults)
    page.close()  # some of it is said twice, the second time a little later
    faults.clear()
    assert [one for one in wanted if one not in seen] == []
