"""Promosight as anybody runs it: its command line and its server as processes, nothing from inside.

Every call here is part of the contract (`promosight init`, `import`, `serve`, `verify`; `GET /v1/promotions`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.measure import Ended, Usage, run_to_end
from bench.servers import Server, clean_environment, get, module, serving
from bench.stores import Place, Stores
from bench.work import TRACKING_FROM

_WITHIN_S = 6 * 3_600


class ProductFailed(Exception):
    """A command ended badly, or the server said what it must not."""


@dataclass(frozen=True)
class Imported:
    """What one `promosight import` took and said."""

    usage: Usage
    rows: int
    outcomes: dict[str, int]


@dataclass(frozen=True)
class Product:
    """A workspace in a place; `key` is its admin key."""

    stores: Stores
    place: Place
    key: str = ""

    def initialised(self) -> Product:
        """With a workspace that tracks from the beginning of the work."""
        said = self._run("init", "--tracking-from", TRACKING_FROM, "--currency", "EUR")[1]
        return replace(self, key=said["key"])

    def copied(self, name: str) -> Product:
        """The same in a place of its own."""
        return replace(self, place=self.stores.copy(self.place, name))

    def take(self, kind: str, file: Path) -> Imported:
        """`promosight import`, the start of the program included."""
        ended, said = self._run("import", kind, str(file))
        return Imported(ended.usage, said["rows"], said["outcomes"])

    def differences(self) -> int:
        """What `promosight verify` finds different; it must find nothing."""
        ended, said = self._run("verify", fails=True)
        different = int(said["different"])
        return different if (ended.status == 0) == (different == 0) else max(1, different)

    @contextmanager
    def serving(self, workers: int = 1) -> Iterator[Server]:
        """`promosight serve` until the block ends."""
        words = [*module("promosight", "serve", *self._where()), "--port", "PORT"]
        if workers > 1:
            words += ["--workers", str(workers)]
        with serving(words, ready="/readyz", key=self.key) as server:
            yield server

    def _run(self, *words: str, fails: bool = False) -> tuple[Ended, dict[str, Any]]:
        command = module("promosight", *words, *self._where(), "--json")
        spent: Callable[[], float] = self.stores.cpu_s
        ended = run_to_end(command, spent, clean_environment(), _WITHIN_S)
        if ended.status != 0 and not fails:
            raise ProductFailed(f"promosight {' '.join(words)}: {ended.err.strip()}")
        try:
            return ended, json.loads(ended.out)
        except json.JSONDecodeError:
            raise ProductFailed(f"promosight {' '.join(words)}: {ended.err.strip()}") from None

    def _where(self) -> list[str]:
        if self.place.path is not None:
            return ["--data", str(self.place.path)]
        return ["--database", self.place.url]


def promotions(server: Server) -> list[dict[str, Any]]:
    """Every promotion with its figures, by its id, from `GET /v1/promotions`."""
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        status, body = get(server, f"/v1/promotions?limit=1000{cursor}")
        if status != 200:
            raise ProductFailed(f"GET /v1/promotions: {status} {body[:300]!r}")
        page = json.loads(body)
        items += page["items"]
        if not page.get("next"):
            return sorted(items, key=lambda item: str(item["promotion_id"]))
        cursor = f"&cursor={page['next']}"


def figures_only(items: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures by promotion: what two ways of sending the same facts must agree on."""
    return {item["promotion_id"]: item["figures"] for item in items}
