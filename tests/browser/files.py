"""Files that the page gives to whoever clicks: what they are called, and their rows."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Locator, Page


class Kept(NamedTuple):
    """A CSV file: its name, and its rows by the names in its head."""

    name: str
    rows: list[dict[str, str]]


def kept(page: Page, button: Locator) -> Kept:
    """The file that a click brings."""
    with page.expect_download() as download:
        button.click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    return Kept(download.value.suggested_filename, list(csv.DictReader(text.splitlines())))


def today(page: Page) -> str:
    """The day of the workspaces of tests (UTC) in the browser, as the names of files have it."""
    day: str = page.evaluate("new Date().toISOString().slice(0, 10)")
    return day
