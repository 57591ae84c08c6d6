"""A simulated brand reported through the flows, as a door would do it: a store full of real cases."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import msgspec

from promosight.flows.promotions.manage_promotions import put_promotion
from promosight.flows.reporting.intake import Delivery, Item
from promosight.flows.reporting.report import report
from promosight.flows.set_up.workspaces import NewWorkspace, create_source, create_workspace
from promosight.rules.facts import Rejection, assignment_from, event_from
from promosight.rules.instants import from_datetime
from promosight.rules.promotions import Promotion
from promosight.rules.reported import ReportedAssignment, ReportedEvent
from promosight.simulate import reports
from promosight.simulate.brand import Brand
from promosight.simulate.settings import World
from promosight.store.engine import Store
from promosight.store.rows import Arrival

ENDS_AT = datetime(2026, 11, 1, tzinfo=UTC)


def report_brand(store: Store, world: World, *, together: int = 200) -> int:
    """Reports all of a simulated brand into an empty store; returns the workspace's number."""
    started_us = from_datetime(world.starts_at)
    wanted = NewWorkspace(
        workspace_id="brand",
        name="Brand",
        time_zone="Europe/Vienna",
        tracking_from_us=started_us,
        created_us=started_us,
    )
    workspace_no = store.change(lambda tx: create_workspace(tx, wanted)).workspace_no
    for record in Brand(world).promotions():
        _define(store, workspace_no, record, started_us)
    for delivery in _deliveries(store, workspace_no, world, together):
        store.write(report, delivery)
    return workspace_no


def _define(store: Store, workspace_no: int, record: dict[str, Any], now_us: int) -> None:
    promotion_id = record.pop("promotion_id")
    definition = msgspec.convert(record, Promotion, strict=False)
    store.change(
        lambda tx: put_promotion(tx, workspace_no, promotion_id, definition, now_us=now_us)
    )


def _deliveries(store: Store, workspace_no: int, world: World, together: int) -> Iterator[Delivery]:
    sources: dict[str, int] = {}
    waiting = Brand(world).deliveries()
    for _, some in groupby(enumerate(waiting), key=lambda pair: pair[0] // together):
        items: dict[tuple[str, int], list[Item]] = {}
        for _, one in some:
            if one.source not in sources:
                sources[one.source] = _source_no(store, workspace_no, one.source)
            fact = _fact(one, world)
            if not isinstance(fact, Rejection):
                items.setdefault((one.kind, sources[one.source]), []).append(fact)
        for (_, source_no), facts in items.items():
            yield Delivery(Arrival(workspace_no, source_no, 0, world.end_s * 1_000_000), facts)


def _source_no(store: Store, workspace_no: int, name: str) -> int:
    return store.change(
        lambda tx: create_source(tx, workspace_no, name, "realtime", now_us=0)
    ).source_no


def _fact(one: reports.Delivery, world: World) -> Any:
    received_us = one.at_s * 1_000_000
    if one.kind == "assignments":
        given = msgspec.convert(one.record, ReportedAssignment, strict=False)
        return assignment_from(given, received_us=received_us)
    told = msgspec.convert(one.record, ReportedEvent, strict=False)
    started_us = from_datetime(world.starts_at)
    return event_from(told, received_us=received_us, tracking_from_us=started_us)
