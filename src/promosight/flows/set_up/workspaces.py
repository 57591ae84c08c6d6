"""Setting up: workspaces, sources and keys.

A key is shown once and kept only as a digest. It is 256 random bits, so a plain hash is enough: there is
nothing to guess that a slow hash would protect.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec

from promosight.errors import Conflict, Invalid, NotFound
from promosight.flows.ledger.ahead import Ahead
from promosight.flows.ledger.rematch import rebuild, settings_ahead
from promosight.rules.cadences import CADENCES
from promosight.rules.facts import FUTURE_TOLERANCE_US
from promosight.rules.instants import format_instant, is_week_start, zone
from promosight.rules.money import is_currency
from promosight.store.catalogue import Source, Workspace, load
from promosight.store.tx import Tx

SCOPES = (
    "redemptions:write",
    "assignments:write",
    "promotions:write",
    "reports:read",
    "decisions:write",
    "admin",
)
DEFAULT_SOURCE = "default"
"""The source of keys and imports that name none."""


class NewWorkspace(msgspec.Struct, kw_only=True):
    """The settings a workspace begins with."""

    workspace_id: str
    name: str
    time_zone: str = "UTC"
    currency: str = "EUR"
    week_start: str = "monday"
    tracking_from_us: int
    sandbox: bool = False
    created_us: int


def create_workspace(tx: Tx, wanted: NewWorkspace) -> Workspace:
    """A new workspace with its default source. Raises Invalid, or Conflict when the id is taken."""
    check_settings(wanted)
    row = msgspec.structs.asdict(wanted) | {"sandbox": int(wanted.sandbox)}
    if not tx.run("add_workspace", **row):
        raise Conflict(f"there is already a workspace {wanted.workspace_id}", code="exists")
    found = tx.one("workspace_by_id", workspace_id=wanted.workspace_id)
    assert found is not None
    workspace_no: int = found[0]
    create_source(tx, workspace_no, DEFAULT_SOURCE, "realtime", now_us=wanted.created_us)
    return load(tx, workspace_no).workspace


class Settings(msgspec.Struct, kw_only=True):
    """What may change of a workspace; None stays as it is."""

    name: str | None = None
    time_zone: str | None = None
    currency: str | None = None
    week_start: str | None = None


def change_workspace(
    tx: Tx, workspace_no: int, settings: Settings, *, ahead: Ahead | None = None
) -> Workspace:
    """Changes settings. Days lie elsewhere in another zone, so the counters are counted anew. Raises Invalid.

    `ahead` is what that was found to come to before its transaction, if anything.
    """
    tx.lock(workspace_no)
    before = load(tx, workspace_no)
    now, was_row = before.workspace, before.row
    wanted = _changed(now, settings)
    tx.run(
        "change_workspace",
        workspace_no=workspace_no,
        name=wanted.name,
        time_zone=wanted.time_zone,
        currency=wanted.currency,
        week_start=wanted.week_start,
    )
    if (wanted.time_zone, wanted.currency) != (now.time_zone, now.currency):
        fits = ahead is not None and ahead.fits(was_row, load(tx, workspace_no))
        rebuild(tx, workspace_no, ahead=ahead if fits else None)
    return load(tx, workspace_no).workspace


def workspace_ahead(snapshot: Tx, workspace_no: int, settings: Settings) -> Ahead | None:
    """What `change_workspace` will come to, worked out before its transaction. Raises Invalid."""
    wanted = _changed(load(snapshot, workspace_no).workspace, settings)
    return settings_ahead(snapshot, workspace_no, wanted)


def _changed(now: Workspace, settings: Settings) -> Workspace:
    said = {name: getattr(settings, name) for name in Settings.__struct_fields__}
    wanted = msgspec.structs.replace(now, **{k: v for k, v in said.items() if v is not None})
    check_settings(wanted)
    return wanted


def find_workspace(tx: Tx, workspace_id: str | None) -> int:
    """The number of a workspace by id; with none given, of the only one there is. Raises NotFound, Invalid."""
    if workspace_id is not None:
        row = tx.one("workspace_by_id", workspace_id=workspace_id)
        if row is None:
            raise NotFound(f"there is no workspace {workspace_id}")
        return int(row[0])
    rows = tx.all("workspaces")
    if not rows:
        raise NotFound("there is no workspace yet: run `promosight init` first")
    if len(rows) > 1:
        names = ", ".join(row[1] for row in rows)
        raise Invalid(f"name one of the workspaces with --workspace: {names}")
    return int(rows[0][0])


def create_source(
    tx: Tx, workspace_no: int, name: str, cadence: str, *, now_us: int, live: bool = True
) -> Source:
    """A source by name; one that is there already is returned as it is. Raises Invalid.

    Until it is `live` it is being set up, and nobody waits to hear of it.
    """
    _check_cadence(cadence)
    if not 1 <= len(name.strip()) <= 255 or not name.isprintable():
        raise Invalid("must be 1 to 255 printable characters", pointer="/name")
    added = tx.run(
        "add_source",
        workspace_no=workspace_no,
        name=name.strip(),
        cadence=cadence,
        live_us=now_us if live else None,
        created_us=now_us,
    )
    if added:
        tx.run("touch_catalogue", workspace_no=workspace_no)
    return find_source(tx, workspace_no, name.strip())


def find_source(tx: Tx, workspace_no: int, name: str) -> Source:
    """A source by name. Raises NotFound."""
    for row in tx.all("sources", workspace_no=workspace_no):
        if row[1] == name:
            return Source(*row)
    raise NotFound(f"there is no source {name}")


def change_source(
    tx: Tx,
    workspace_no: int,
    name: str,
    *,
    now_us: int,
    cadence: str | None = None,
    live: bool | None = None,
) -> Source:
    """Changes a source's expected cadence, or marks it live: that moment is recorded once and stays.

    Raises Invalid, NotFound, or Conflict for a source that is live and should not be.
    """
    source = find_source(tx, workspace_no, name)
    if cadence is not None:
        _check_cadence(cadence)
        tx.run("change_cadence", source_no=source.source_no, cadence=cadence)
    if live:
        tx.run("start_source", source_no=source.source_no, live_us=now_us)
    elif live is False and source.live_us is not None:
        why = f"{name} is live since {format_instant(source.live_us)}, and that stays"
        raise Conflict(why, code="already_live", pointer="/live")
    return find_source(tx, workspace_no, name)


def cover(tx: Tx, workspace_no: int, name: str, *, from_us: int, to_us: int, now_us: int) -> int:
    """Takes a source's word that it reported everything of a period: so it is heard. Raises Invalid, NotFound.

    What of it lies ahead is not covered, as nobody has reported what is yet to come. Returns until when it is.
    """
    latest_us = now_us + FUTURE_TOLERANCE_US
    if to_us <= from_us:
        raise Invalid("must lie after from", pointer="/to")
    if from_us >= latest_us:
        raise Invalid("lies ahead: what is yet to come was not reported", pointer="/from")
    to_us = min(to_us, latest_us)
    source = find_source(tx, workspace_no, name)
    tx.run("add_coverage", source_no=source.source_no, from_us=from_us, to_us=to_us, said_us=now_us)
    tx.run_many("hear_sources", [(source.source_no, now_us)])
    return to_us


class NewKey(msgspec.Struct, kw_only=True):
    """A key to be made. `secret` is shown once, by the caller; only its digest is kept."""

    key_id: str
    secret: str
    name: str
    scopes: list[str]
    source: str | None = None
    ip_ranges: list[str] = msgspec.field(default_factory=list)
    created_us: int
    expires_us: int | None = None


def create_key(tx: Tx, workspace_no: int, key: NewKey) -> None:
    """Keeps a new key. Raises Invalid for an unknown scope or a past end, NotFound for an unknown source."""
    for index, scope in enumerate(key.scopes):
        if scope not in SCOPES:
            raise Invalid("must be one of " + ", ".join(SCOPES), pointer=f"/scopes/{index}")
    if not key.scopes:
        raise Invalid("name at least one scope", pointer="/scopes")
    if key.expires_us is not None and key.expires_us <= key.created_us:
        raise Invalid("must lie ahead: the key would never be good", pointer="/expires_at")
    source_no = find_source(tx, workspace_no, key.source).source_no if key.source else None
    tx.run(
        "add_key",
        key_id=key.key_id,
        workspace_no=workspace_no,
        source_no=source_no,
        name=key.name,
        secret_digest=digest_of(key.secret),
        scopes=" ".join(key.scopes),
        ip_ranges=" ".join(key.ip_ranges),
        created_us=key.created_us,
        expires_us=key.expires_us,
    )


def revoke_key(tx: Tx, workspace_no: int, key_id: str, *, now_us: int) -> None:
    """Ends a key. Raises NotFound."""
    if not tx.run("revoke_key", workspace_no=workspace_no, key_id=key_id, revoked_us=now_us):
        raise NotFound(f"there is no key {key_id} to revoke")


def digest_of(secret: str) -> str:
    """What is kept of a key."""
    return sha256(secret.encode()).hexdigest()


def _check_cadence(cadence: str) -> None:
    if cadence not in CADENCES:
        raise Invalid("must be one of " + ", ".join(CADENCES), pointer="/cadence")


def check_settings(wanted: NewWorkspace | Workspace) -> None:
    """Raises Invalid for a time zone, a currency or a day that the week starts with that there is not."""
    try:
        zone(wanted.time_zone)
    except ValueError as error:
        raise Invalid(str(error), pointer="/time_zone") from None
    if not is_currency(wanted.currency):
        raise Invalid("must be an ISO 4217 code such as EUR", pointer="/currency")
    if not is_week_start(wanted.week_start):
        raise Invalid("must be a day of the week such as monday", pointer="/week_start")
