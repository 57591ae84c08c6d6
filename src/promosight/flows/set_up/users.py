"""Users: people of a workspace, each with one of four roles.

An email belongs to one user in the whole store. Whatever changes who may do what also ends the user's sessions,
in the same transaction; and a workspace that has an admin keeps one.
"""

from __future__ import annotations

from typing import Any

import msgspec

from promosight.errors import Conflict, Invalid, NotFound
from promosight.rules.instants import format_instant
from promosight.store.tx import Tx

INTEGRATIONS = "integrations"
"""Managing sources and keys: a scope of people; no key can be given it."""
_VIEWER = ("reports:read",)
_MARKETER = (
    *_VIEWER,
    "promotions:write",
    "assignments:write",
    "redemptions:write",
    "decisions:write",
)
_DEVELOPER = (*_MARKETER, INTEGRATIONS)
ROLES = {
    "viewer": _VIEWER,
    "marketer": _MARKETER,
    "developer": _DEVELOPER,
    "admin": (*_DEVELOPER, "admin"),
}
"""What each role may do, as scopes."""
_LONGEST_EMAIL = 254


class User(msgspec.Struct, frozen=True):
    """A user; fields in the order of the statements `user` and `users`."""

    email: str
    workspace_no: int
    name: str
    role: str
    password_hash: str
    created_us: int
    last_seen_us: int | None


class NewUser(msgspec.Struct, kw_only=True):
    """A user to be made. Without a name they are called by the first part of their email."""

    email: str
    role: str
    password_hash: str
    name: str = ""
    created_us: int


class UserChange(msgspec.Struct, kw_only=True):
    """What is to change of a user; None stays as it is."""

    name: str | None = None
    role: str | None = None
    password_hash: str | None = None


def plain_email(text: str) -> str:
    """An email as it is compared: trimmed, lower case."""
    return text.strip().lower()


def check_user(email: str, role: str, name: str = "") -> None:
    """Raises Invalid, naming the field, for an email, role or name that cannot be."""
    before, at, after = plain_email(email).partition("@")
    joined = before + after
    odd = not joined.isprintable() or any(c.isspace() or c == "@" for c in joined)
    if not before or not at or not after or odd or len(joined) >= _LONGEST_EMAIL:
        raise Invalid("must be an email address such as ann@example.com", pointer="/email")
    _check_role(role)
    _check_name(name)


def add_user(tx: Tx, workspace_no: int, wanted: NewUser) -> User:
    """A new user. Raises Invalid, or Conflict where the email is taken, in whatever workspace."""
    check_user(wanted.email, wanted.role, wanted.name)
    email = plain_email(wanted.email)
    added = tx.run(
        "add_user",
        email=email,
        workspace_no=workspace_no,
        name=wanted.name.strip() or email.partition("@")[0],
        role=wanted.role,
        password_hash=wanted.password_hash,
        created_us=wanted.created_us,
    )
    if not added:
        raise Conflict(f"there is already a user {email}", code="exists", pointer="/email")
    return find_user(tx, workspace_no, email)


def find_user(tx: Tx, workspace_no: int, email: str) -> User:
    """A user of a workspace. Raises NotFound."""
    user = user_of(tx, email)
    if user is None or user.workspace_no != workspace_no:
        raise NotFound(f"there is no user {plain_email(email)}")
    return user


def user_of(tx: Tx, email: str) -> User | None:
    """Whoever has this email, in whatever workspace; nobody has one that no store can hold."""
    plain = plain_email(email)
    row = tx.one("user", email=plain) if plain.isprintable() else None
    return None if row is None else User(*row)


def list_users(tx: Tx, workspace_no: int) -> list[User]:
    """The users of a workspace, by email."""
    return [User(*row) for row in tx.all("users", workspace_no=workspace_no)]


def change_user(tx: Tx, workspace_no: int, email: str, change: UserChange) -> User:
    """Changes a user; another role or password ends their sessions. Raises Invalid, NotFound, Conflict."""
    if change.role is not None:
        _check_role(change.role)
    if change.name is not None:
        _check_name(change.name)
        change = msgspec.structs.replace(change, name=change.name.strip() or None)
    tx.run("hold_users", workspace_no=workspace_no)
    now = find_user(tx, workspace_no, email)
    if change.role not in (None, "admin"):
        _keep_an_admin_beside(tx, now)
    wanted = msgspec.structs.asdict(change)
    tx.run("change_user", workspace_no=workspace_no, email=now.email, **wanted)
    if change.password_hash is not None or change.role not in (None, now.role):
        tx.run("end_sessions_of", email=now.email)
    return find_user(tx, workspace_no, email)


def remove_user(tx: Tx, workspace_no: int, email: str) -> None:
    """A user goes, and their sessions with them. Raises NotFound, Conflict."""
    tx.run("hold_users", workspace_no=workspace_no)
    now = find_user(tx, workspace_no, email)
    _keep_an_admin_beside(tx, now)
    tx.run("remove_user", workspace_no=workspace_no, email=now.email)
    tx.run("delete_views_of", workspace_no=workspace_no, owner=now.email)
    tx.run("end_sessions_of", email=now.email)


def describe_user(user: User) -> dict[str, Any]:
    """A user as the contract shows them, never their password's hash."""
    seen = user.last_seen_us
    return {
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "created_at": format_instant(user.created_us),
        "last_seen_at": None if seen is None else format_instant(seen),
    }


def _keep_an_admin_beside(tx: Tx, user: User) -> None:
    """Raises Conflict when a workspace would be without an admin. Asked while its users are held."""
    admins = {one.email for one in list_users(tx, user.workspace_no) if one.role == "admin"}
    if admins == {user.email}:
        raise Conflict("this is the last admin; make another one first", code="last_admin")


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise Invalid("must be one of " + ", ".join(ROLES), pointer="/role")


def _check_name(name: str) -> None:
    if len(name.strip()) > 255 or not name.isprintable():
        raise Invalid("must be at most 255 printable characters", pointer="/name")
