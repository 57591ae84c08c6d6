"""Anomalies over HTTP: what was otherwise than expected and where it comes from; that somebody has seen it."""

from __future__ import annotations

import msgspec

from promosight.api.auditing import change_noted
from promosight.api.door.bodies import decoded
from promosight.api.door.call import Call
from promosight.api.door.cursors import cursor_of, place_in
from promosight.api.door.door import Answer, Door
from promosight.api.wire import Wire
from promosight.errors import Invalid
from promosight.flows.noticing import keep_anomalies
from promosight.flows.noticing.keep_anomalies import how_it_stands
from promosight.flows.noticing.show_anomalies import (
    Anomaly,
    AnomalyPlace,
    SoughtAnomalies,
    describe_anomaly,
    list_anomalies,
    number_of,
)
from promosight.flows.set_up.workspaces import find_source
from promosight.store.tx import Tx

_LONGEST_NOTE = 500


class Acknowledgement(msgspec.Struct):
    """What it was, for those who look later; up to 500 characters."""

    note: str = ""


class AnomalyPage(Wire):
    """A page of anomalies."""

    items: list[Anomaly]
    next: str | None


def listing(door: Door, call: Call) -> Answer:
    """GET /v1/anomalies."""
    place, limit = place_in(call.query("cursor"), AnomalyPlace()), call.limit()
    source = call.query("source")
    sought = SoughtAnomalies(call.query("promotion_id"), source, call.flag("open"))

    def ask(tx: Tx) -> tuple[list[Anomaly], AnomalyPlace | None]:
        if source is not None:
            find_source(tx, call.workspace_no, source)
        return list_anomalies(tx, call.workspace_no, sought, place=place, limit=limit)

    items, following = door.store.read(ask)
    return Answer({"items": items, "next": cursor_of(following)})


def show(door: Door, call: Call) -> Answer:
    """GET /v1/anomalies/{anomaly_id}."""
    number = number_of(call.path("anomaly_id"))
    return Answer(door.store.read(lambda tx: describe_anomaly(tx, call.workspace_no, number)))


def acknowledge(door: Door, call: Call) -> Answer:
    """POST /v1/anomalies/{anomaly_id}/acknowledge."""
    body, named = decoded(call.body, Acknowledgement), call.path("anomaly_id")
    number, no = number_of(named), call.workspace_no
    if len(body.note) > _LONGEST_NOTE:
        raise Invalid(f"must have at most {_LONGEST_NOTE} characters", pointer="/note")

    def make(tx: Tx) -> Anomaly:
        keep_anomalies.acknowledge(
            tx, no, number, actor=call.caller.name, note=body.note, now_us=call.now_us
        )
        return describe_anomaly(tx, no, number)

    look = how_it_stands(no, number)
    return Answer(change_noted(door, call, "anomaly.acknowledge", named, look, make))
