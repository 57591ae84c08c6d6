"""A real browser for the tests: Chromium of this machine, or Debian's, installed when it is missing.

The one without a window is taken before the whole one: it does the same work on our pages and none on windows,
tabs and address bars, which made a fifth of all.

Playwright drives it with the Node that builds the page, so no browser and no
Node of Playwright's own is ever downloaded.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

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
_WITHOUT_WINDOW = "chromium-headless-shell"
_WHOLE = ("chromium", "chromium-browser", "google-chrome")
_GIVE_ONE = f"Or name a Chromium: {BROWSER}=PROGRAM ./dev test"


def find_or_install_chromium(*, whole: bool = False) -> str:
    """The browser's program; a whole one is what people have. Raises CannotContinue where there is none to be had."""
    given = os.environ.get(BROWSER)
    if given:
        return given
    names = _WHOLE if whole else (_WITHOUT_WINDOW, *_WHOLE)
    found = _find(names)
    if found is None:
        _install(names)
        found = _find(names)
    if found is None:
        raise CannotContinue(f"No Chromium found. {_GIVE_ONE}")
    return found


def _find(names: Sequence[str]) -> str | None:
    return next((path for name in names if (path := shutil.which(name))), None)


def _install(names: Sequence[str]) -> None:
    """Raises CannotContinue where there is no apt, or we may not use it."""
    try:
        install_debian_packages(names[0], instead=_GIVE_ONE)
    except CannotContinue:  # Ubuntu and older Debians have only the whole one
        if names[0] == _WHOLE[0]:
            raise
        install_debian_packages(_WHOLE[0], instead=_GIVE_ONE)
