"""The audit log: every change of what is set up, with who made it, and what it was before and after.

A change and its entry are one transaction. Facts are not listed here: they are kept themselves, with their source.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import msgspec

from promosight.rules.instants import format_instant
from promosight.store.tx import Row, Tx

R = TypeVar("R")
Look = Callable[[Tx], Any]
"""What answers how something stands: JSON, or None."""
_LAST = 2**62


class Actor(NamedTuple):
    """Who changes something (an email, `key` and its id, `cli:` and who typed it), from where, in which request."""

    name: str
    address: str | None = None
    request_id: str | None = None


class Change(NamedTuple):
    """What is being changed. `look` gives it as it is, before and again afterwards: what answers JSON, or None."""

    workspace_no: int
    action: str
    target: str
    look: Look
    audit_id: str
    changed_us: int


class Entry(msgspec.Struct):
    """One line of the log, as it is answered."""

    audit_id: str
    changed_at: str
    actor: str
    address: str | None
    request_id: str | None
    action: str
    target: str
    before: Any
    after: Any


class Wanted(NamedTuple):
    """Which entries are asked for; "" and 0 leave nothing out. `before_us`, `before_id`: where a page begins."""

    actor: str = ""
    target: str = ""
    since_us: int = 0
    before_us: int = _LAST
    before_id: str = ""


def noted(tx: Tx, actor: Actor, change: Change, make: Callable[[Tx], R]) -> R:
    """Makes a change and notes it; one that changes nothing is not noted. Raises what making it raises."""
    before = change.look(tx)
    made = make(tx)
    after = change.look(tx)
    if before != after:
        note(tx, actor, change, before, after)
    return made


def note(tx: Tx, actor: Actor, change: Change, before: Any, after: Any) -> None:
    """Notes a change as it was seen by whoever made it."""
    tx.run(
        "add_audit",
        workspace_no=change.workspace_no,
        changed_us=change.changed_us,
        audit_id=change.audit_id,
        actor=actor.name,
        address=actor.address,
        request_id=actor.request_id,
        action=change.action,
        target=change.target,
        before=_text(before),
        after=_text(after),
    )


def entries(
    tx: Tx, workspace_no: int, wanted: Wanted, *, limit: int
) -> tuple[list[Entry], Wanted | None]:
    """A page of the log, the newest first, and what to ask for the next one."""
    rows = tx.all("audit_before", workspace_no=workspace_no, **wanted._asdict(), limit=limit + 1)
    page = [_entry(row) for row in rows[:limit]]
    if len(rows) <= limit:
        return page, None
    last = rows[limit - 1]
    return page, wanted._replace(before_us=last[0], before_id=last[1])


def _entry(row: Row) -> Entry:
    changed_us, audit_id, actor, address, request_id, action, target, before, after = row
    return Entry(
        audit_id=audit_id,
        changed_at=format_instant(changed_us),
        actor=actor,
        address=address,
        request_id=request_id,
        action=action,
        target=target,
        before=_value(before),
        after=_value(after),
    )


def _text(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _value(text: str | None) -> Any:
    return None if text is None else msgspec.json.decode(text)
