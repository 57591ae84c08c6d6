"""Alerts as the contract shows them: which thresholds of limits were crossed, the latest first."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from promosight.errors import NotFound
from promosight.flows.promotions.manage_promotions import number_sought
from promosight.rules.instants import format_instant
from promosight.rules.money import UNIT_MARK
from promosight.store.catalogue import Catalogue, load
from promosight.store.tx import Row, Tx

_END = 2**62


class AlertPlace(NamedTuple):
    """Where a page begins: before this time and number. The default is the newest."""

    before_us: int = _END
    before_no: int = 0


class Alert(msgspec.Struct):
    """A threshold (per cent) of a limit that was first seen crossed at `raised_at`, with what was used then.

    `currency` is set where `limit` and `used` are money. `window_name` is the day,
    the first day of the week, or the month; empty for the lifetime.
    """

    alert_id: str
    promotion_id: str
    promotion_name: str
    currency: str | None
    measure: str
    window: str
    window_name: str
    tier_id: str | None
    limit: str
    used: str
    threshold: int
    raised_at: str


class Sought(NamedTuple):
    """Which alerts are wanted: of one promotion or all, from a threshold on."""

    promotion_id: str | None
    threshold: int


def list_alerts(
    tx: Tx, workspace_no: int, sought: Sought, *, place: AlertPlace, limit: int
) -> tuple[list[Alert], AlertPlace | None]:
    """A page of alerts, the newest first, and where the next one begins. Raises NotFound."""
    catalogue = load(tx, workspace_no)
    rows = tx.all(
        "alerts_before",
        workspace_no=workspace_no,
        promotion_no=number_sought(tx, catalogue, sought.promotion_id),
        threshold=sought.threshold,
        **place._asdict(),
        limit=limit + 1,
    )
    items = [_alert(catalogue, row) for row in rows[:limit]]
    if len(rows) <= limit:
        return items, None
    number, *_, raised_us = rows[limit - 1]
    return items, AlertPlace(raised_us, number)


def describe_alert(tx: Tx, workspace_no: int, alert_no: int) -> Alert:
    """One alert by its number. Raises NotFound."""
    row = tx.one("alert_by_no", workspace_no=workspace_no, alert_no=alert_no)
    if row is None:
        raise NotFound("there is no such alert")
    return _alert(load(tx, workspace_no), row)


def _alert(catalogue: Catalogue, row: Row) -> Alert:
    number, promotion_no, measure, window, tier_id, amount, name, threshold, used, raised_us = row
    listed = catalogue.by_no[promotion_no]
    assert listed.definition is not None
    own = listed.terms.currency
    return Alert(
        alert_id=f"{number:016x}",
        promotion_id=listed.promotion_id,
        promotion_name=listed.definition.name,
        currency=None if measure != "reward" or own.startswith(UNIT_MARK) else own,
        measure=measure,
        window=window,
        window_name=name,
        tier_id=tier_id,
        limit=amount,
        used=used,
        threshold=threshold,
        raised_at=format_instant(raised_us),
    )
