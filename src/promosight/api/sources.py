"""Sources over HTTP: the systems that report, how each is set up and goes live, and what came of what they sent."""

from __future__ import annotations

import msgspec

from promosight.api.auditing import change_noted
from promosight.api.door.bodies import decoded, instant
from promosight.api.door.call import Call
from promosight.api.door.cursors import page_of
from promosight.api.door.door import Answer, Door
from promosight.errors import Conflict, Denied, Invalid
from promosight.flows.auditing.as_it_stands import the_source
from promosight.flows.reporting.activity import UNITS, Asked, activity
from promosight.flows.set_up import workspaces as set_up
from promosight.flows.set_up.show_sources import describe_source, list_sources
from promosight.flows.set_up.users import INTEGRATIONS
from promosight.rules.cadences import REALTIME
from promosight.rules.instants import format_instant
from promosight.store.catalogue import Source
from promosight.store.tx import Tx


class NewSource(msgspec.Struct):
    """A system that reports, in real time if nothing is said. With `live` false it is being set up, and goes live when
    it is told to."""

    name: str
    cadence: str | None = None
    live: bool = True


class SourceChange(msgspec.Struct):
    """A new cadence; or that the source is live from now on, which is said once."""

    cadence: str | None = None
    live: bool | None = None


class Period(msgspec.Struct, rename={"from_": "from"}):
    """A period of which a source has reported everything."""

    from_: str
    to: str


def listing(door: Door, call: Call) -> Answer:
    """GET /v1/sources."""
    items = door.store.read(lambda tx: list_sources(tx, call.workspace_no, now_us=call.now_us))
    return Answer(page_of(call, items, "name"))


def create(door: Door, call: Call) -> Answer:
    """POST /v1/sources."""
    wanted = decoded(call.body, NewSource)
    now_us, cadence = call.now_us, wanted.cadence or REALTIME

    def make(tx: Tx) -> Answer:
        made = set_up.create_source(
            tx, call.workspace_no, wanted.name, cadence, now_us=now_us, live=wanted.live
        )
        if wanted.cadence is not None and made.cadence != cadence:
            why = f"there is a source {made.name} that reports {made.cadence}; change it by PATCH"
            raise Conflict(why, code="source_exists", pointer="/cadence")
        return Answer(describe_source(tx, call.workspace_no, made, now_us=now_us), 201)

    look = the_source(call.workspace_no, wanted.name.strip())
    return change_noted(door, call, "source.create", wanted.name.strip(), look, make)


def change(door: Door, call: Call) -> Answer:
    """PATCH /v1/sources/{name}: the cadence is the client's choice, at any time; going live is recorded once."""
    wanted = decoded(call.body, SourceChange)
    name, now_us = call.path("name"), call.now_us

    def make(tx: Tx) -> Answer:
        changed = set_up.change_source(
            tx,
            call.workspace_no,
            name,
            now_us=now_us,
            cadence=wanted.cadence,
            live=wanted.live,
        )
        return Answer(describe_source(tx, call.workspace_no, changed, now_us=now_us))

    return change_noted(
        door, call, "source.change", name, the_source(call.workspace_no, name), make
    )


def cover(door: Door, call: Call) -> Answer:
    """POST /v1/sources/{name}/coverage: everything of a period was reported, even if it was nothing."""
    period = decoded(call.body, Period)
    from_us, said_us = instant(period.from_, "/from"), instant(period.to, "/to")
    name = call.path("name")
    spoken_for(door, call, name)
    to_us = door.store.change(
        lambda tx: set_up.cover(
            tx, call.workspace_no, name, from_us=from_us, to_us=said_us, now_us=call.now_us
        )
    )
    return Answer({"from": format_instant(from_us), "to": format_instant(to_us)}, 201)


def show_activity(door: Door, call: Call) -> Answer:
    """GET /v1/sources/{name}/activity: how what came was answered, by hour or day."""
    by = call.query("by") or "hour"
    if by not in UNITS:
        raise Invalid("must be one of " + ", ".join(UNITS), pointer="/by")
    asked = Asked(by, _moment(call, "from"), _moment(call, "to"))
    name = call.path("name")
    items = door.store.read(
        lambda tx: activity(tx, call.workspace_no, name, asked, now_us=call.now_us)
    )
    return Answer({"source": name, "by": by, "items": items})


def spoken_for(door: Door, call: Call, name: str) -> Source:
    """The source of that name. One speaks for itself, for others whoever may set them up. Raises NotFound, Denied."""
    source = door.store.read(lambda tx: set_up.find_source(tx, call.workspace_no, name))
    may_set_up = not call.caller.scopes.isdisjoint(("admin", INTEGRATIONS))
    if source.source_no != call.caller.source_no and not may_set_up:
        raise Denied(f"the key does not speak for source {name}")
    return source


def _moment(call: Call, name: str) -> int | None:
    text = call.query(name)
    return None if text is None else instant(text, f"/{name}")
