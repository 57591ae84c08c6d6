"""A real browser for the tests: Chromium of this machine, or Debian's, installed when it is missing.

Playwright drives it with the Node that builds the page, so no browser and no
Node of Playwright's own is ever downloaded.
"""

from __future__ import annotations

import os
import shutil

from tools.system import CannotContinue, install_debian_packages

BROWSER = "PROMOSIGHT_TEST_BROWSER"
_PLAYWRIGHTS = (
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)
"""What Playwright leaves out of it. Only the last list counts, so ours says it again."""
_PAGES_OF_ITS_OWN = (
    "PreloadTopChromeWebUI",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    "WebUIOmniboxPopup",
)
"""What drops down from its address bar is a page, too, loaded in each window: half as much work as one of ours."""
FLAGS = (
    "--headless",
    "--no-sandbox",  # root may not use it, and the only pages opened are ours
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=" + ",".join((*_PLAYWRIGHTS, *_PAGES_OF_ITS_OWN)),
)
"""How it is started: nothing is looked up or sent that a test did not ask for."""
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_GIVE_ONE = f"Or name a Chromium: {BROWSER}=PROGRAM ./dev test"


def find_or_install_chromium() -> str:
    """The browser's program. Raises CannotContinue where there is none and none can be installed."""
    given = os.environ.get(BROWSER)
    if given:
        return given
    found = _find()
    if found is None:
        install_debian_packages("chromium", instead=_GIVE_ONE)
        found = _find()
    if found is None:
        raise CannotContinue(f"No Chromium found. {_GIVE_ONE}")
    return found


def _find() -> str | None:
    return next((path for name in _NAMES if (path := shutil.which(name))), None)
