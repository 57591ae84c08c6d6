"""Building the package: the page in `web/` is built first, if it is not current, and goes into the package.

Node is asked for only then, as a Python package (`tools/page.py`), so that
installing a wheel or a source archive, which carry the page, needs neither Node
nor npm.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent))

from tools import page
from tools.system import CannotContinue


class PageHook(BuildHookInterface[Any]):
    """Hatchling calls it for a wheel, a source archive and an editable install."""

    def dependencies(self) -> list[str]:
        """What must be installed before the build."""
        return [page.node_requirement()] if _is_needed() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Before the package is put together."""
        if not _is_needed():
            return
        try:
            page.build()
        except CannotContinue as problem:
            sys.exit(f"error: {problem}")


def _is_needed() -> bool:
    return os.environ.get(page.LEFT_OUT) != "1" and not page.is_current()
