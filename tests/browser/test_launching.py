"""What the browser is told when it starts."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

from tools.chromium import FLAGS


def test_whatever_playwright_leaves_out_of_the_browser_we_leave_out_too() -> None:
    """Of two such lists Chromium takes the last. Names of other systems' browsers are of no account."""
    found = find_spec("playwright")
    assert found is not None
    assert found.origin is not None
    driver = Path(found.origin).parent / "driver" / "package" / "lib" / "coreBundle.js"
    told = re.search(r"disabledFeatures = \[(.*?)\]", driver.read_text(encoding="utf-8"), re.DOTALL)
    assert told is not None
    theirs = set(re.findall(r'^ *"(\w+)",?$', told[1], re.MULTILINE))
    ours = next(flag for flag in FLAGS if flag.startswith("--disable-features="))
    elsewhere = {name for name in theirs if name.startswith("ms") or name.endswith("Win")}
    assert len(theirs) > len(elsewhere)
    assert theirs - elsewhere <= set(ours.partition("=")[2].split(","))
