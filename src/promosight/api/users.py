"""Users over HTTP: the people of a workspace, managed by its admins."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from promosight.api.auditing import change_noted
from promosight.api.door.bodies import decoded
from promosight.api.door.call import Call
from promosight.api.door.cursors import page_of
from promosight.api.door.door import Answer, Door
from promosight.flows.auditing.as_it_stands import the_user
from promosight.flows.set_up import users
from promosight.flows.set_up.passwords import check_password


class NewUser(msgspec.Struct):
    """A user to be made."""

    email: str
    role: str
    password: str
    name: str = ""


class UserChange(msgspec.Struct):
    """What may change of a user; what is left out stays."""

    role: str | None = None
    name: str | None = None
    password: str | None = None


def listing(door: Door, call: Call) -> Answer:
    """GET /v1/users."""
    found = door.store.read(lambda tx: users.list_users(tx, call.workspace_no))
    return Answer(page_of(call, [users.describe_user(one) for one in found], "email"))


async def create(door: Door, call: Call) -> Answer:
    """POST /v1/users."""
    wanted = decoded(call.body, NewUser)
    users.check_user(wanted.email, wanted.role, wanted.name)
    check_password(wanted.password)
    new = users.NewUser(
        email=wanted.email,
        role=wanted.role,
        name=wanted.name,
        password_hash=await door.passwords.hashed(wanted.password),
        created_us=call.now_us,
    )
    email = users.plain_email(new.email)
    made = await asyncio.to_thread(
        change_noted,
        door,
        call,
        "user.create",
        email,
        the_user(call.workspace_no, email),
        lambda tx: users.add_user(tx, call.workspace_no, new),
    )
    return Answer(users.describe_user(made), 201)


async def compared(door: Door, call: Call) -> bytes:
    """What stands for the body of a new user under an Idempotency-Key. Of the password there is what signing in keeps
    of it, too: a quick digest could be guessed. Its salt is the key, so that the same request says the same."""
    wanted = decoded(call.body, NewUser)
    check_password(wanted.password)
    salt = f"new user {call.workspace_no} {call.header(b'idempotency-key')}".encode()
    hashed = await door.passwords.hashed_with(wanted.password, salt)
    rest = decoded(call.body, dict[str, Any]) | {"password": hashed}
    return msgspec.json.encode(rest, order="deterministic")


async def change(door: Door, call: Call) -> Answer:
    """PATCH /v1/users/{email}: another role or password signs the user out everywhere."""
    email, wanted = call.path("email"), decoded(call.body, UserChange)
    new_hash = None
    if wanted.password is not None:
        check_password(wanted.password)
        new_hash = await door.passwords.hashed(wanted.password)
    asked = users.UserChange(name=wanted.name, role=wanted.role, password_hash=new_hash)
    email = users.plain_email(email)
    changed = await asyncio.to_thread(
        change_noted,
        door,
        call,
        "user.change",
        email,
        the_user(call.workspace_no, email),
        lambda tx: users.change_user(tx, call.workspace_no, email, asked),
    )
    door.sessions.forget()
    return Answer(users.describe_user(changed))


def remove(door: Door, call: Call) -> Answer:
    """DELETE /v1/users/{email}."""
    email = users.plain_email(call.path("email"))
    change_noted(
        door,
        call,
        "user.remove",
        email,
        the_user(call.workspace_no, email),
        lambda tx: users.remove_user(tx, call.workspace_no, email),
    )
    door.sessions.forget()
    return Answer(status=204)
