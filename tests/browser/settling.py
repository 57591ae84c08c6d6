"""Waiting until a page is whole and nothing in it moves any more."""

from __future__ import annotations

from playwright.sync_api import Page, Request

from tests.browser.conftest import PATIENCE_MS

_STILL = """() => new Promise(still => {
    let quiet;
    const look = new MutationObserver(again);
    function again() { clearTimeout(quiet); quiet = setTimeout(end, 200); }
    function end() {
        if (document.getAnimations().some(one => one.playState === "running")) return again();
        look.disconnect();
        still();
    }
    const all = {subtree: true, childList: true, attributes: true, characterData: true};
    look.observe(document, all);
    again();
})"""


def settled(page: Page, loading: set[Request]) -> None:
    """Waits until all is there and nothing moves any more: a drawer half in is half transparent."""
    for _ in range(PATIENCE_MS // 20):
        page.evaluate(_STILL)
        if not loading:
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"still loads {[one.url for one in loading]}")


def put_in(page: Page, look: str, loading: set[Request]) -> None:
    """Waits until a page is settled in a look: it hears of another one a moment after it was told."""
    page.emulate_media(color_scheme=look, reduced_motion="reduce")  # type: ignore[arg-type]
    wears = "look => document.documentElement.dataset.mantineColorScheme === look"
    page.wait_for_function(wears, arg=look)
    settled(page, loading)
