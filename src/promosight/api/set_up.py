"""Setting up over HTTP: the workspace, its sources, its keys, and what the brand says of its customers."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import msgspec

from promosight.api.bodies import decoded
from promosight.api.door import Answer, Call, Door
from promosight.errors import Invalid, NotFound
from promosight.flows import set_up
from promosight.flows.know_customers import Acquaintance, KnownCustomer, know_customers
from promosight.rules.identity import customer_number
from promosight.rules.instants import format_instant, parse_instant
from promosight.store.catalogue import Source, Workspace, load
from promosight.store.rows import Arrival
from promosight.store.tx import Row, Tx


class WorkspaceChange(msgspec.Struct):
    """What may change of a workspace; the start of tracking may not."""

    name: str | None = None
    time_zone: str | None = None
    currency: str | None = None
    week_start: str | None = None


class NewSource(msgspec.Struct):
    """A system that reports."""

    name: str
    cadence: str = "realtime"


class SourceChange(msgspec.Struct):
    """A new cadence."""

    cadence: str


class Period(msgspec.Struct, rename={"from_": "from"}):
    """A period of which a source has reported everything."""

    from_: str
    to: str


class NewKey(msgspec.Struct):
    """A key to be made."""

    name: str
    scopes: list[str]
    source: str | None = None
    ip_ranges: list[str] = []
    expires_at: str | None = None


def workspace(door: Door, call: Call) -> Answer:
    """GET /v1/workspace."""
    return Answer(_workspace(door.store.read(lambda tx: load(tx, call.workspace_no).workspace)))


def change_workspace(door: Door, call: Call) -> Answer:
    """PATCH /v1/workspace."""
    wanted = msgspec.structs.asdict(decoded(call.body, WorkspaceChange))
    changed = door.store.change(lambda tx: set_up.change_workspace(tx, call.workspace_no, **wanted))
    door.keys.forget()
    return Answer(_workspace(changed))


def sources(door: Door, call: Call) -> Answer:
    """GET /v1/sources."""
    rows = door.store.read(lambda tx: tx.all("sources", workspace_no=call.workspace_no))
    return Answer({"items": [_source(Source(*row)) for row in rows], "next": None})


def create_source(door: Door, call: Call) -> Answer:
    """POST /v1/sources."""
    wanted = decoded(call.body, NewSource)
    made = door.store.change(
        lambda tx: set_up.create_source(
            tx, call.workspace_no, wanted.name, wanted.cadence, now_us=call.now_us
        )
    )
    return Answer(_source(made), 201)


def change_source(door: Door, call: Call) -> Answer:
    """PATCH /v1/sources/{name}: the cadence is the client's choice, at any time."""
    cadence = decoded(call.body, SourceChange).cadence
    changed = door.store.change(
        lambda tx: set_up.change_source(tx, call.workspace_no, call.path("name"), cadence=cadence)
    )
    return Answer(_source(changed))


def cover(door: Door, call: Call) -> Answer:
    """POST /v1/sources/{name}/coverage: everything of a period was reported, even if it was nothing."""
    period = decoded(call.body, Period)
    from_us, to_us = _instant(period.from_, "/from"), _instant(period.to, "/to")
    door.store.change(
        lambda tx: set_up.cover(
            tx, call.workspace_no, call.path("name"), from_us=from_us, to_us=to_us
        )
    )
    return Answer({"from": format_instant(from_us), "to": format_instant(to_us)}, 201)


def keys(door: Door, call: Call) -> Answer:
    """GET /v1/keys: everything but the secrets."""
    rows = door.store.read(lambda tx: tx.all("keys", workspace_no=call.workspace_no))
    return Answer({"items": [_key(row) for row in rows], "next": None})


def create_key(door: Door, call: Call) -> Answer:
    """POST /v1/keys: the secret is in this answer and nowhere else."""
    wanted = decoded(call.body, NewKey)
    for index, one in enumerate(wanted.ip_ranges):
        try:
            ip_network(one, strict=False)
        except ValueError:
            raise Invalid("is no IP range", pointer=f"/ip_ranges/{index}") from None
    expires = None if wanted.expires_at is None else _instant(wanted.expires_at, "/expires_at")
    made = set_up.NewKey(
        key_id=f"key_{door.fresh(9)}",
        secret=f"ps_{door.fresh(32)}",
        name=wanted.name,
        scopes=wanted.scopes,
        source=wanted.source,
        ip_ranges=wanted.ip_ranges,
        created_us=call.now_us,
        expires_us=expires,
    )
    door.store.change(lambda tx: set_up.create_key(tx, call.workspace_no, made))
    shown = {name: getattr(made, name) for name in ("key_id", "name", "scopes", "source")}
    return Answer(shown | {"key": made.secret, "expires_at": wanted.expires_at}, 201)


def revoke_key(door: Door, call: Call) -> Answer:
    """DELETE /v1/keys/{key_id}."""
    door.store.change(
        lambda tx: set_up.revoke_key(tx, call.workspace_no, call.path("key_id"), now_us=call.now_us)
    )
    door.keys.forget()
    return Answer(status=204)


def put_customer(door: Door, call: Call) -> Answer:
    """PUT /v1/customers/{customer_id}: attributes, segments, opt-outs; the customer is known from here on."""
    profile = decoded(call.body, dict[str, Any])
    text = msgspec.json.Encoder(order="sorted").encode(profile).decode()
    known = KnownCustomer(call.path("customer_id").strip(), text)
    arrival = Arrival(call.workspace_no, call.caller.source_no, 0, call.now_us)
    receipt = door.store.write(know_customers, Acquaintance(arrival, [known]))[0]
    return Answer(
        {"customer_id": known.customer_id, **profile}, 201 if receipt.outcome == "created" else 200
    )


def customer(door: Door, call: Call) -> Answer:
    """GET /v1/customers/{customer_id}."""
    customer_id = call.path("customer_id")
    number = customer_number(call.caller.workspace.workspace_id, customer_id)

    def ask(tx: Tx) -> Row | None:
        return tx.one("customer", customer_no=number)

    row = door.store.read(ask)
    if row is None or row[1] != customer_id:
        raise NotFound(f"there is no customer {customer_id}")
    profile = msgspec.json.decode(row[4]) if row[4] else {}
    return Answer({"customer_id": customer_id, "known": bool(row[3]), **profile})


def _workspace(found: Workspace) -> dict[str, Any]:
    return {
        "workspace": found.workspace_id,
        "name": found.name,
        "time_zone": found.time_zone,
        "currency": found.currency,
        "week_start": found.week_start,
        "tracking_from": format_instant(found.tracking_from_us),
        "sandbox": bool(found.sandbox),
    }


def _source(found: Source) -> dict[str, Any]:
    def at(moment_us: int | None) -> str | None:
        return None if moment_us is None else format_instant(moment_us)

    return {
        "name": found.name,
        "cadence": found.cadence,
        "live_at": at(found.live_us),
        "created_at": at(found.created_us),
        "last_heard_at": at(found.last_heard_us),
    }


def _key(row: Row) -> dict[str, Any]:
    key_id, name, source, scopes, ranges, *moments = row
    times = [None if us is None else format_instant(us) for us in moments]
    return {
        "key_id": key_id,
        "name": name,
        "source": source,
        "scopes": scopes.split(),
        "ip_ranges": ranges.split(),
        **dict(zip(("created_at", "expires_at", "revoked_at"), times, strict=True)),
    }


def _instant(text: str, pointer: str) -> int:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise Invalid(str(error), pointer=pointer) from None
