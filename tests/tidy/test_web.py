"""What of `web/` is made from something else is made anew here, and compared; and its lock names no registry."""

from __future__ import annotations

import json

from promosight.api.openapi import document
from promosight.api.routes import ROUTES
from tests.tidy.tree import ROOT
from tools.page import TYPES, types_of


def test_the_types_of_the_page_are_those_of_the_api() -> None:
    """S3: the page is written against the structs that the server answers with."""
    said = types_of(document(ROUTES))
    assert TYPES.read_text(encoding="utf-8") == said, "the API changed: run ./dev types"


def test_the_lock_of_the_page_names_no_registry() -> None:
    """`web/.npmrc` has npm leave the addresses out; each package is pinned by its digest."""
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert packages
    assert not [name for name, one in packages.items() if "resolved" in one]
    bundled = [name for name, one in packages.items() if one.get("inBundle")]
    assert [name for name, one in packages.items() if "integrity" not in one] == bundled
