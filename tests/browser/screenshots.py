"""`./dev screenshots`: takes the pictures in docs/images/, of a server with the demonstration's data.

To take another, add a line to `SHOTS`.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple

import httpx
from playwright.sync_api import Browser, expect

from promosight.cli.decision_feed import Desk
from promosight.cli.demo_calls import Caller
from promosight.cli.demo_users import PASSWORD
from promosight.simulate.settings import demo
from tests.api.server import serving
from tests.browser.launching import launched
from tests.browser.people import Role
from tests.cli.program import ask
from tests.conftest import ROOT

IMAGES = ROOT / "docs" / "images"
_SETTLING_MS = 1_500
"""Charts are drawn a moment after their figures came."""
_ON_ITS_WAY = ".mantine-Skeleton-root"
_PATIENCE_MS = 60_000
SIZES = {1440: 900, 390: 844}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


class Shot(NamedTuple):
    """One page to take: the file's first name, the address, what is on it once it has come, and who looks."""

    name: str
    address: str
    heading: str
    role: Role | None = None


SHOTS = (
    Shot("sign-in", "/", "Promosight"),
    Shot("promotions", "/promotions", "Promotions", "marketer"),
    Shot("breakdown", "/promotions/SPEND-AND-SAVE", "Spend and save", "marketer"),
    Shot("by-tier", "/promotions/VIP-CASHBACK?by=tier#groups", "VIP cashback", "marketer"),
    Shot(
        "compare", "/compare?id=SPRING20&id=SPEND-AND-SAVE&id=VIP-CASHBACK", "Compare", "marketer"
    ),
    Shot("decisioning", "/decisioning", "Decisioning", "marketer"),
    Shot("customer", "/customers/c-000123", "c-000123", "marketer"),
    Shot("new-promotion", "/promotions/new", "New promotion", "marketer"),
    Shot("integrations", "/integrations", "Integrations", "developer"),
    Shot("source", "/integrations/checkout", "checkout", "developer"),
    Shot("set-up", "/integrations/new", "Connect", "developer"),
    Shot("problems", "/problems", "Problems", "marketer"),
    Shot("batches", "/batches", "Batches", "marketer"),
    Shot("settings", "/settings?tab=users", "Settings", "admin"),
)


def main() -> None:
    """Takes every shot in every size, light and dark."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        key = ask("demo", "--data", folder, "--no-serve")["key"]
        with serving(f"sqlite:///{folder}/promosight.db", key) as api, launched() as browser:
            _tell_decisions(str(api.base_url), key)
            for shot, width, scheme in product(SHOTS, SIZES, SCHEMES):
                print(_take(browser, api, shot, width, scheme).relative_to(ROOT), flush=True)


def _tell_decisions(url: str, key: str) -> None:
    """Six weeks of them, as a demo that serves has them."""
    caller = Caller(url, key)
    Desk(caller, caller, demo(_now()), now=_now, random=Random(7)).tell_past()


def _now() -> datetime:
    return datetime.now(UTC)


def _take(
    browser: Browser, api: httpx.Client, shot: Shot, width: int, scheme: Literal["light", "dark"]
) -> Path:
    file = IMAGES / f"{shot.name}-{scheme}-{width}.png"
    with browser.new_context(
        base_url=str(api.base_url),
        color_scheme=scheme,
        locale="en-GB",
        reduced_motion="reduce",
        viewport={"width": width, "height": SIZES[width]},
    ) as context:
        page = context.new_page()
        if shot.role is not None:
            person = {"email": f"{shot.role}@demo.example", "password": PASSWORD}
            assert page.request.post("/v1/session", data=person).ok
        page.goto(shot.address)
        page.get_by_role("heading", name=shot.heading).first.wait_for()
        expect(page.locator(_ON_ITS_WAY)).to_have_count(0, timeout=_PATIENCE_MS)
        page.evaluate("document.fonts.ready")
        page.wait_for_timeout(_SETTLING_MS)
        page.screenshot(path=file)
    return file


if __name__ == "__main__":
    main()
