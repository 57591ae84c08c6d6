"""What all ways of one run share: the work, the settings, the results so far, and places prepared once."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.forms import Written
from bench.product import Product
from bench.results import Results
from bench.servers import clean_environment, module
from bench.sizes import Size
from bench.stores import Place, Stores


@dataclass
class Run:
    """One run of the benchmark."""

    size: Size
    written: Written
    live: Written
    """The work whose second half happens now: what single events are taken from."""
    results: Results
    seconds: float
    """No sending lasts longer."""
    workers: int
    """Server processes on PostgreSQL; SQLite always has one."""
    verify: bool
    round: int = 1
    prepared: dict[tuple[str, str], Product] = field(default_factory=dict)
    textbooks: dict[str, Place] = field(default_factory=dict)
    floors: dict[str, Place] = field(default_factory=dict)
    """Bare tables that hold what `until_now` does, by store."""
    figures: dict[str, object] = field(default_factory=dict)
    """The figures after all redemptions, by store: what every way must end with."""

    def empty(self, stores: Stores) -> Product:
        """The product with its promotions and nothing else; made once."""
        return self._kept(stores, "empty", self._make_empty)

    def loaded(self, stores: Stores) -> Product:
        """The product with all assignments; made once, by import."""
        return self._kept(stores, "loaded", self._make_loaded)

    def until_now(self, stores: Stores) -> Product:
        """The product with all assignments of the live work and the redemption lines before now."""
        return self._kept(stores, "until_now", self._make_until_now)

    def textbook(self, stores: Stores) -> Place:
        """The textbook's tables with all assignments; made once."""
        if stores.name not in self.textbooks:
            self.results.begin(f"{stores.name}: loading the textbook's assignments")
            place = stores.fresh("textbook")
            words = module("bench.textbook", "load", place.url, str(self.written.folder))
            subprocess.run(words, env=clean_environment(), check=True)
            self.textbooks[stores.name] = place
        return self.textbooks[stores.name]

    def workers_on(self, stores: Stores) -> int:
        """How many server processes a store is given."""
        return self.workers if stores.name == "postgresql" else 1

    def _kept(self, stores: Stores, name: str, make: Callable[[Stores], Product]) -> Product:
        key = (stores.name, name)
        if key not in self.prepared:
            self.results.begin(f"{stores.name}: preparing")
            self.prepared[key] = make(stores)
        return self.prepared[key]

    def _make_empty(self, stores: Stores) -> Product:
        product = Product(stores, stores.fresh("empty")).initialised()
        product.take("promotions", self.written.file("promotions"))
        return product

    def _make_loaded(self, stores: Stores) -> Product:
        product = self.empty(stores).copied("loaded")
        product.take("assignments", self.written.file("assignments"))
        return product

    def _make_until_now(self, stores: Stores) -> Product:
        product = self.empty(stores).copied("until_now")
        product.take("assignments", self.live.file("assignments"))
        part = self.live.part("redemptions", 0, self.size.redemptions // 2)
        product.take("redemptions", part)
        part.unlink()
        return product
