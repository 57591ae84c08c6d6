"""Random busy groups among thousands: what comes to them comes by codes, too, and in bodies that go by column.

As `test_busy_worlds`, with personal codes and pools of them, personalized values, corrected events, a promotion that is
unheard of at first, and an import that runs while other things happen. A body holds a thousand strangers and a few
facts of the busy customers, in any form.
"""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from typing import Any

import msgspec
import pytest

from promosight.connectors.reading import Reading, read_body
from promosight.errors import Conflict
from promosight.flows.checking.kept_groups import differing_uses
from promosight.flows.checking.verify import verify
from promosight.flows.ledger import kept_uses
from promosight.flows.promotions.manage_promotions import load_codes
from promosight.flows.reporting.intake import Delivery
from promosight.flows.reporting.report import report
from promosight.rules.facts import Rejection
from promosight.store.engine import Store
from promosight.store.rows import Arrival
from tests.flows.test_busy_worlds import BusyWorld, at, counted_anew
from tests.flows.worlds import (
    NOW_US,
    TRACKING_US,
    begin_import,
    define,
    deliver,
    end_import,
    source_number,
)

PROMOTIONS = ("global", "tiered", "personal")
CODES = ("SPRING", "NOBODYS", "pool0", "pool1", *(f"P{number}" for number in range(6)))
_ROWS = 1_000
"""So many go by column."""


class BusyBodies(BusyWorld):
    """What else may happen."""

    def __init__(self, store: Store, seed: int) -> None:
        self.running = 0
        super().__init__(store, seed)

    def new_terms(self) -> None:
        super().new_terms()
        most = self.draw.choice([1, 3])
        define(self.store, self.workspace, "personal", max_redemptions=most)

    def promotion_id(self) -> str:
        return self.draw.choice([*PROMOTIONS, *PROMOTIONS, "past", "unheard"])

    def given_to(self, customer_id: str, **own: Any) -> dict[str, Any]:
        draw = self.draw
        promotion_id = own.get("promotion_id") or self.promotion_id()
        has_code = promotion_id == "personal" and draw.random() < 0.7
        more = {
            "promotion_id": promotion_id,
            "promo_code": draw.choice(CODES[2:]) if has_code else None,
            "reward_value": draw.choice([None, None, "7.50"]),
        }
        return super().given_to(customer_id) | more

    def used_by(self, customer_id: str, **own: Any) -> dict[str, Any]:
        draw = self.draw
        by_code = draw.random() < 0.2
        said = {
            "promotion_id": None if by_code else self.promotion_id(),
            "promo_code": draw.choice(CODES) if by_code or draw.random() < 0.1 else None,
        }
        return super().used_by(customer_id) | said | own

    def facts(self) -> None:
        """As ever, some of it by the import that runs; or an event with other content than before."""
        draw = self.draw
        if not self.running or draw.random() < 0.7:
            super().facts()
            return
        some = [draw.choice([self.redemption, self.assignment, self.reversal])() for _ in range(9)]
        some.append(self.event(draw.choice(self.used or [{}]) | {"redeemed_at": at(77)}))
        taken = [one for one in some if not isinstance(one, Rejection)]
        deliver(self.store, self.workspace, taken, import_no=self.running)

    def body(self) -> None:
        """A thousand strangers and some facts of the busy customers, as a request or as a piece of the import."""
        draw = self.draw
        kind, made = draw.choice([("redemptions", self.used_by), ("assignments", self.given_to)])
        own = {"promotion_id": draw.choice(PROMOTIONS), "promo_code": None}
        strangers = draw.randrange(10**6)
        rows = [made(f"s{strangers + number}", **own) | own for number in range(_ROWS)]
        rows += [made(draw.choice(self.customers)) for _ in range(draw.choice([1, 5, 40]))]
        rows += draw.choices(rows, k=9)
        draw.shuffle(rows)
        forms = ("text/csv", _csv(rows)), ("application/json", msgspec.json.encode(rows))
        items = read_body(kind, *draw.choice(forms), Reading(NOW_US, TRACKING_US))
        source_no = source_number(self.store, self.workspace)
        arrival = Arrival(self.number, source_no, draw.choice([0, self.running]), NOW_US)
        self.store.write(report, Delivery(arrival, items, draw.random() < 0.5))

    def run_or_end(self) -> None:
        """An import begins, or the one that runs ends."""
        if not self.running:
            self.running = begin_import(self.store, self.workspace)
            return
        end_import(self.store, self.workspace, self.running)
        self.running = 0

    def pool(self) -> None:
        promotion_id, codes = self.draw.choice(["personal", "global"]), ["pool0", "pool1", "P0"]
        with suppress(Conflict):
            self.store.change(
                lambda tx: load_codes(tx, self.number, promotion_id, codes, now_us=NOW_US)
            )

    def step(self) -> None:
        others = [super().step, self.body, self.run_or_end, self.pool]
        self.draw.choices(others, [20, 2, 2, 1])[0]()


def _csv(rows: list[dict[str, Any]]) -> bytes:
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]))
    writer.writeheader()
    for row in rows:
        writer.writerow(row | {k: str(v).lower() for k, v in row.items() if isinstance(v, bool)})
    return file.getvalue().encode()


def run_world(store: Store, seed: int, steps: int) -> int:
    """Lets a world run, and looks after each step; returns of how many groups something was kept at the end."""
    world = BusyBodies(store, seed)
    for number in range(steps):
        world.step()
        assert store.read(lambda tx: differing_uses(tx, world.number)) == []
        if number % 5 == 4 and not world.running:
            counted_anew(store, world.number, PROMOTIONS)
    assert verify(store, world.number, now_us=NOW_US).differences == []
    return store.read(lambda tx: len(tx.all("kept_groups", workspace_no=world.number)))


@pytest.mark.parametrize("seed", range(2))
def test_busy_groups_in_bodies_that_go_by_column_count_as_when_they_are_counted_anew(
    store: Store, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """S14, S15, N1, P6: by codes and by promotions, in requests and in an import that runs."""
    monkeypatch.setattr(kept_uses, "BUSY", 1 + 3 * seed)
    assert run_world(store, seed, 30)
