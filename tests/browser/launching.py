"""Starting the browser that `./dev` names, for tests and for pictures, with no errands of its own to run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tools.chromium import BROWSER, FLAGS
from tools.page import node_program

_SHORT_LIVED = "--js-flags=--no-maglev,--no-opt"
"""A page of a test lives for seconds: to compile its scripts a second and a third time takes longer than it spares."""

_ONE_PROCESS = "--process-per-site"
"""For all pages of one server in one window: what was compiled for the page before is there for the next."""


@contextmanager
def launched() -> Iterator[Browser]:
    """A running browser. Playwright's own Node is left alone: it lacks a library on a bare Debian."""
    os.environ["PLAYWRIGHT_NODEJS_PATH"] = str(node_program())
    with sync_playwright() as playwright:
        flags = (*FLAGS, _SHORT_LIVED, _ONE_PROCESS)
        browser = playwright.chromium.launch(executable_path=os.environ[BROWSER], args=flags)
        try:
            yield browser
        finally:
            browser.close()
