"""What reservations hold: added up by tier and the local day on which they were granted.

They are added up by quarters of an hour, on which every zone's days begin, so that no row needs to know the
workspace's zone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from promosight.rules.wide import whole
from promosight.store.catalogue import Catalogue
from promosight.store.tx import Row, Tx

_QUARTER_US = 900_000_000


class Part(NamedTuple):
    """So many grants of a tier on a day, and what their rewards come to."""

    tier_id: str | None
    currency: str
    day: str
    grants: int
    micros: int


Held = dict[int, list[Part]]
"""By promotion."""


def held_now(tx: Tx, catalogue: Catalogue, *, now_us: int) -> Held:
    """What is held in a workspace at a moment."""
    number = catalogue.workspace.workspace_no
    return _parts(catalogue, tx.all("held_now", workspace_no=number, now_us=now_us))


def held_then(tx: Tx, catalogue: Catalogue, *, known_us: int) -> Held:
    """What was held in a workspace at an earlier moment, as far as that was written down."""
    number = catalogue.workspace.workspace_no
    return _parts(catalogue, tx.all("held_then", workspace_no=number, known_us=known_us))


def held_untold(tx: Tx, catalogue: Catalogue, *, known_us: int) -> set[int]:
    """The promotions of which it was not: reservations that may have held something ended before."""
    number = catalogue.workspace.workspace_no
    rows = tx.all("held_untold", workspace_no=number, known_us=known_us)
    return {row[0] for row in rows}


def held_of(tx: Tx, catalogue: Catalogue, promotion_nos: Iterable[int]) -> Held:
    """What promotions hold, to decide on: their locks are had, and what has expired was marked so."""
    number = catalogue.workspace.workspace_no
    nos = [(no,) for no in sorted(promotion_nos)]
    return _parts(catalogue, tx.all_for("held_of", nos, workspace_no=number))


def _parts(catalogue: Catalogue, rows: list[Row]) -> Held:
    found: Held = {}
    for no, tier_id, currency, quarter, grants, high, low in rows:
        day = catalogue.days.day(quarter * _QUARTER_US)
        found.setdefault(no, []).append(Part(tier_id, currency, day, grants, whole(high, low)))
    return found
