"""Setting up over HTTP: the workspace, its keys, and what the brand says of its customers."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import msgspec

from promosight.api.auditing import change_noted
from promosight.api.door.bodies import (
    check_named,
    converted,
    decoded,
    fields_of,
    identified,
    instant,
)
from promosight.api.door.call import Call
from promosight.api.door.cursors import page_of
from promosight.api.door.door import Answer, Door
from promosight.errors import Conflict, Denied, Invalid, NotFound
from promosight.flows.auditing.as_it_stands import the_key, the_workspace
from promosight.flows.ledger.ahead import changed_ahead
from promosight.flows.people.find_customer import find_customer
from promosight.flows.people.retention import retention_of, set_retention
from promosight.flows.reporting.know_customers import Acquaintance, KnownCustomer, know_customers
from promosight.flows.set_up import workspaces as set_up
from promosight.flows.set_up.show_set_up import describe_workspace, list_keys
from promosight.rules.eligibility import check_profile
from promosight.rules.instants import format_instant
from promosight.rules.keeping import Retention
from promosight.store.catalogue import load
from promosight.store.rows import Arrival

_MOST = 100
"""Scopes, and ranges of addresses, of a key: every request is held against them."""

_SHOWN_ONLY = ("customer_id", "known")
"""What is told of a customer beside the profile: it may come back with it."""


class WorkspaceChange(set_up.Settings):
    """What may change of a workspace; the start of tracking may not, nor whether it is a sandbox."""

    tracking_from: str | None = None
    sandbox: bool | None = None


class Profile(msgspec.Struct):
    """What the brand says of a customer."""

    attributes: dict[str, Any] = {}
    segments: list[str] = []
    opt_outs: list[str] = []


class NewKey(msgspec.Struct):
    """A key to be made."""

    name: str
    scopes: list[str]
    source: str | None = None
    ip_ranges: list[str] = []
    expires_at: str | None = None


def workspace(door: Door, call: Call) -> Answer:
    """GET /v1/workspace."""
    return Answer(
        door.store.read(lambda tx: describe_workspace(load(tx, call.workspace_no).workspace))
    )


def change_workspace(door: Door, call: Call) -> Answer:
    """PATCH /v1/workspace."""
    wanted = decoded(call.body, WorkspaceChange)
    start = wanted.tracking_from
    if start is not None and (
        instant(start, "/tracking_from") != call.caller.workspace.tracking_from_us
    ):
        raise Conflict(
            "the start of tracking is set once", code="tracking_fixed", pointer="/tracking_from"
        )
    if wanted.sandbox not in (None, call.caller.workspace.sandbox):
        why = "is said once, when the workspace is made"
        raise Conflict(why, code="sandbox_fixed", pointer="/sandbox")
    if wanted.name is not None:
        wanted.name = identified(wanted.name, "/name")
    where = (door, call, "workspace.change", call.caller.workspace.workspace_id)
    changed = changed_ahead(
        door.store,
        lambda tx: set_up.workspace_ahead(tx, call.workspace_no, wanted),
        lambda ahead: change_noted(
            *(*where, the_workspace(call.workspace_no)),
            lambda tx: set_up.change_workspace(tx, call.workspace_no, wanted, ahead=ahead),
        ),
    )
    door.forget_callers()
    return Answer(describe_workspace(changed))


def retention(door: Door, call: Call) -> Answer:
    """GET /v1/workspace/retention."""
    return Answer(door.store.read(lambda tx: retention_of(tx, call.workspace_no)))


def change_retention(door: Door, call: Call) -> Answer:
    """PUT /v1/workspace/retention: all of it; what is not named is kept for ever."""
    wanted = decoded(call.body, Retention)
    changed = change_noted(
        *(door, call, "retention.change", call.caller.workspace.workspace_id),
        lambda tx: msgspec.to_builtins(retention_of(tx, call.workspace_no)),
        lambda tx: set_retention(tx, call.workspace_no, wanted),
    )
    return Answer(changed)


def keys(door: Door, call: Call) -> Answer:
    """GET /v1/keys: everything but the secrets."""
    items = door.store.read(lambda tx: list_keys(tx, call.workspace_no, now_us=call.now_us))
    return Answer(page_of(call, items, "key_id"))


def create_key(door: Door, call: Call) -> Answer:
    """POST /v1/keys: the secret is in this answer and nowhere else."""
    wanted = decoded(call.body, NewKey)
    for name in ("scopes", "ip_ranges"):
        if len(getattr(wanted, name)) > _MOST:
            raise Invalid(f"has more than {_MOST}", pointer=f"/{name}")
    _check_exceeds_nobody(call, wanted.scopes)
    for index, one in enumerate(wanted.ip_ranges):
        try:
            ip_network(one, strict=False)
        except ValueError:
            raise Invalid("is no IP range", pointer=f"/ip_ranges/{index}") from None
    expires = None if wanted.expires_at is None else instant(wanted.expires_at, "/expires_at")
    made = set_up.NewKey(
        key_id=f"key_{door.fresh(9)}",
        secret=f"ps_{door.fresh(32)}",
        name=identified(wanted.name, "/name"),
        scopes=wanted.scopes,
        source=wanted.source,
        ip_ranges=wanted.ip_ranges,
        created_us=call.now_us,
        expires_us=expires,
    )
    try:
        change_noted(
            door,
            call,
            "key.create",
            made.key_id,
            the_key(call.workspace_no, made.key_id, now_us=call.now_us),
            lambda tx: set_up.create_key(tx, call.workspace_no, made),
        )
    except NotFound as error:
        raise Invalid(error.detail, pointer="/source") from None
    shown = {n: getattr(made, n) for n in ("key_id", "name", "scopes", "source", "ip_ranges")}
    shown["expires_at"] = None if expires is None else format_instant(expires)
    # The secret is shown once, so an answer that is kept is kept without it.
    return Answer(shown | {"key": made.secret}, 201, kept=shown | {"key": None})


def revoke_key(door: Door, call: Call) -> Answer:
    """DELETE /v1/keys/{key_id}."""
    key_id = call.path("key_id")
    change_noted(
        door,
        call,
        "key.revoke",
        key_id,
        the_key(call.workspace_no, key_id, now_us=call.now_us),
        lambda tx: set_up.revoke_key(tx, call.workspace_no, key_id, now_us=call.now_us),
    )
    door.keys.forget()
    return Answer(status=204)


def put_customer(door: Door, call: Call) -> Answer:
    """PUT /v1/customers/{customer_id}: attributes, segments, opt-outs; the customer is known from here on."""
    told = fields_of(call.body, Profile, own="attributes", besides=_SHOWN_ONLY)
    check_named(told, "customer_id", call.path("customer_id"))
    profile = msgspec.structs.asdict(converted(told, Profile))
    check_profile(profile)
    said = {name: value for name, value in profile.items() if value}
    text = msgspec.json.encode(said, order="sorted").decode()
    known = KnownCustomer(call.path("customer_id"), text)
    arrival = Arrival(call.workspace_no, call.caller.source_no, 0, call.now_us)
    receipt = door.store.write(know_customers, Acquaintance(arrival, [known]))[0]
    shown = {"customer_id": known.customer_id, "known": True, **profile}
    return Answer(shown, 201 if receipt.outcome == "created" else 200)


def customer(door: Door, call: Call) -> Answer:
    """GET /v1/customers/{customer_id}."""
    return Answer(
        door.store.read(lambda tx: find_customer(tx, call.workspace_no, call.path("customer_id")))
    )


def _check_exceeds_nobody(call: Call, scopes: list[str]) -> None:
    """Raises Denied for a key that might do more than its maker. What is no scope at all is said later."""
    own = call.caller.scopes
    for index, scope in enumerate(scopes):
        if scope in set_up.SCOPES and scope not in own and "admin" not in own:
            raise Denied(
                f"you lack the scope {scope}, so a key of yours cannot have it",
                code="scope_exceeded",
                pointer=f"/scopes/{index}",
            )
