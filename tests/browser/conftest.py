"""A browser, a server of its own for each file, and pages that fail a test when something in them goes wrong.

Playwright is used as it is, without its pytest plugin: the plugin keeps an event loop
running to the end of the whole run, and no test after it could run one of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from tests.api.server import new_workspace, serving
from tests.browser.faults import watch
from tests.browser.launching import launched
from tests.browser.people import Role, sign_in
from tests.conftest import ROOT
from tools.chromium import BROWSER

PICTURES = ROOT / "test-results"
PATIENCE_MS = 60_000
"""How long a page may take to show what is expected of it, on a machine that does other things too."""


class SignedIn(Protocol):
    """The page of somebody who has signed in, with an address opened, or none yet."""

    def __call__(self, role: Role, address: str | None = "/") -> Page: ...


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The browser that `./dev test` found, installed or was given."""
    if not os.environ.get(BROWSER):
        pytest.fail(f"{BROWSER} is not set: run the tests with ./dev test", pytrace=False)
    expect.set_options(timeout=PATIENCE_MS)
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A real server over an empty store: its address, and a client that holds its admin key."""
    url = f"sqlite:///{tmp_path_factory.mktemp('store')}/promosight.db"
    with serving(url, new_workspace(url)) as client:
        yield client


@pytest.fixture
def faults() -> list[str]:
    """What went wrong in `page` so far. A test that provokes a fault looks at it and clears it."""
    return []


@pytest.fixture(scope="module")
def window(browser: Browser, server: httpx.Client) -> Iterator[BrowserContext]:
    """Where the tests of a file open their pages, one after another, at the server's address.

    A tab without any script of ours stays open, and with it the process of its pages, which has compiled our scripts.
    """
    with browser.new_context(base_url=str(server.base_url), locale="en-GB") as context:
        context.new_page().goto("/favicon.svg")
        yield context


@pytest.fixture
def page(
    window: BrowserContext, faults: list[str], request: pytest.FixtureRequest
) -> Iterator[Page]:
    """An empty page in a browser that knows nobody. A picture of it is kept when the test fails."""
    failed_before = request.session.testsfailed
    page = window.new_page()
    page.set_default_timeout(PATIENCE_MS)
    watch(page, faults)
    yield page
    if request.session.testsfailed > failed_before or faults:
        page.screenshot(path=_picture(request.node.name), full_page=True)
    _leave(window)
    assert not faults


def _leave(window: BrowserContext) -> None:
    """Closes what a test opened, and lets the browser forget what it was told."""
    stays, *opened = window.pages
    for page in opened:
        page.close()
    window.set_offline(False)
    window.clear_permissions()
    window.clear_cookies()
    stays.evaluate("localStorage.clear()")


@pytest.fixture
def signed_in(page: Page, server: httpx.Client) -> SignedIn:
    """`signed_in("marketer")` is the page with a session of that role, at the front door.

    A test that begins elsewhere says where: to load a page takes a second of a processor.
    """

    def opened(role: Role, address: str | None = "/") -> Page:
        sign_in(page, server, role)
        if address is not None:
            page.goto(address)
        return page

    return opened


@pytest.fixture
def loading(page: Page) -> set[Request]:
    """What the page waits for at the moment, less the stream, which never ends."""
    waited: set[Request] = set()
    page.on("request", lambda one: waited.add(one) if "/v1/stream" not in one.url else None)
    page.on("requestfinished", lambda one: waited.discard(one))
    page.on("requestfailed", lambda one: waited.discard(one))
    return waited


def _picture(name: str) -> Path:
    PICTURES.mkdir(exist_ok=True)
    return PICTURES / f"{name}.png"
