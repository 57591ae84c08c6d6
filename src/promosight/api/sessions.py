"""Signing in and out: a browser's session, and a user's own password."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import msgspec

from promosight.api.auditing import change_noted
from promosight.api.door.attempts import address_of
from promosight.api.door.bodies import decoded
from promosight.api.door.call import Call
from promosight.api.door.cookies import came_securely, check_change, check_site, cookie, token_of
from promosight.api.door.door import Answer, Door
from promosight.api.door.keys import Caller, SignedIn
from promosight.errors import Denied, Invalid
from promosight.flows.auditing.as_it_stands import the_user
from promosight.flows.set_up import sessions
from promosight.flows.set_up.passwords import check_password
from promosight.flows.set_up.show_set_up import describe_workspace
from promosight.flows.set_up.users import ROLES, User, find_user, plain_email, user_of
from promosight.flows.set_up.workspaces import digest_of
from promosight.rules.instants import SECOND_US, format_instant
from promosight.store.tx import Tx


class SignIn(msgspec.Struct):
    """Who wants to sign in."""

    email: str
    password: str


class PasswordChange(msgspec.Struct):
    """A user's own password, as it was and as it shall be."""

    current: str
    new: str


async def sign_in(door: Door, call: Call) -> Answer:
    """POST /v1/session: the same answer, as slow, to a wrong password and to an email nobody has."""
    check_site(call.headers)
    wanted = decoded(call.body, SignIn)
    with door.attempts.counted(*_names(call, wanted.email), now_us=call.now_us):
        user = await asyncio.to_thread(door.store.read, lambda tx: user_of(tx, wanted.email))
        kept = None if user is None else user.password_hash
        right = await door.passwords.is_right(wanted.password, kept)
        if user is None or not right:
            raise sessions.wrong_password()
        token = door.fresh(32)
        await asyncio.to_thread(door.store.change, partial(_begin, call, user, token))
    return await _begun(door, call, token)


async def show(_door: Door, call: Call) -> Answer:
    """GET /v1/session: who is signed in; the browser keeps the cookie as long as the session lasts."""
    return _described(call.caller, token_of(call.headers) or "", now_us=call.now_us)


def sign_out(door: Door, call: Call) -> Answer:
    """DELETE /v1/session: also of one that has ended already."""
    check_change("DELETE", call.headers)
    token = token_of(call.headers)
    if token is not None:
        door.store.change(lambda tx: sessions.end_session(tx, digest_of(token)))
        door.sessions.forget()
    forgotten = cookie("", seconds=0, secure=came_securely(call.scope, call.headers))
    return Answer(status=204, headers={"Set-Cookie": forgotten})


async def change_password(door: Door, call: Call) -> Answer:
    """POST /v1/session/password: every session of the user ends; this browser gets another."""
    email = _user(call.caller).email
    wanted = decoded(call.body, PasswordChange)
    check_password(wanted.new, "/new")
    with door.attempts.counted(*_names(call, email), now_us=call.now_us):
        user = await asyncio.to_thread(
            door.store.read, lambda tx: find_user(tx, call.workspace_no, email)
        )
        if not await door.passwords.is_right(wanted.current, user.password_hash):
            raise Invalid("is not your password", code="wrong_password", pointer="/current")
    token, new_hash = door.fresh(32), await door.passwords.hashed(wanted.new)
    await asyncio.to_thread(
        change_noted,
        door,
        call,
        "user.password",
        email,
        the_user(call.workspace_no, email),
        partial(_renew, call, user, token, new_hash),
    )
    door.sessions.forget()
    return await _begun(door, call, token)


def _begin(call: Call, user: User, token: str, tx: Tx) -> None:
    secure = came_securely(call.scope, call.headers)
    sessions.begin_session(tx, user, digest_of(token), secure=secure, now_us=call.now_us)


def _renew(call: Call, user: User, token: str, new_hash: str, tx: Tx) -> None:
    secure = came_securely(call.scope, call.headers)
    sessions.change_own_password(
        tx, user, new_hash, digest_of(token), secure=secure, now_us=call.now_us
    )


async def _begun(door: Door, call: Call, token: str) -> Answer:
    """The answer to whoever has just got a session."""
    caller = await door.sessions.caller(token, now_us=call.now_us)
    return _described(caller, token, now_us=call.now_us)


def _described(caller: Caller, token: str, *, now_us: int) -> Answer:
    user = _user(caller)
    assert caller.expires_us is not None
    body: dict[str, Any] = {
        "user": {"email": user.email, "name": user.name, "role": user.role},
        "scopes": ROLES[user.role],
        "workspace": describe_workspace(caller.workspace),
        "expires_at": format_instant(caller.expires_us),
    }
    kept = cookie(token, seconds=(caller.expires_us - now_us) // SECOND_US, secure=user.secure)
    return Answer(body, headers={"Set-Cookie": kept, "Cache-Control": "no-store"})


def _user(caller: Caller) -> SignedIn:
    """Raises Denied for a key, whatever it may."""
    if caller.user is None:
        raise Denied("a key has no session; sign in")
    return caller.user


def _names(call: Call, email: str) -> tuple[str, str]:
    """What a try to sign in is counted under."""
    return f"email {plain_email(email)}", f"address {address_of(call.scope, call.headers)}"
