"""Sessions: browsers that are signed in.

A token is 256 random bits, and only its digest is kept. A session lasts for 14 days from when it was last used,
which is noted at most once an hour. Guarded updates settle the races: whoever signs in while their password is
changed is either refused or signed out with the other sessions.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from promosight.errors import Unauthenticated
from promosight.flows.set_up.users import User
from promosight.rules.instants import SECOND_US
from promosight.store.tx import Tx

LASTS_US = 14 * 24 * 3600 * SECOND_US
_TOUCHED_EACH_US = 3600 * SECOND_US


class Session(NamedTuple):
    """An open session and whose it is; fields in the order of the statement `session`."""

    token_digest: str
    secure: int
    touched_us: int
    expires_us: int
    email: str
    workspace_no: int
    name: str
    role: str

    def is_to_be_touched(self, now_us: int) -> bool:
        """Whether its use is to be noted once more."""
        return self.touched_us <= now_us - _TOUCHED_EACH_US


def begin_session(tx: Tx, user: User, token_digest: str, *, secure: bool, now_us: int) -> None:
    """Signs a browser in whose password was found right. Raises Unauthenticated when it no longer is."""
    if not tx.run("see_user", email=user.email, password_hash=user.password_hash, now_us=now_us):
        raise wrong_password()
    tx.run("end_old_sessions", now_us=now_us)
    tx.run(
        "add_session",
        token_digest=token_digest,
        email=user.email,
        secure=int(secure),
        now_us=now_us,
        expires_us=now_us + LASTS_US,
    )


def find_session(tx: Tx, token_digest: str, *, now_us: int) -> Session:
    """The session of a token. Raises Unauthenticated."""
    row = tx.one("session", token_digest=token_digest)
    session = None if row is None else Session(*row)
    if session is None or session.expires_us <= now_us:
        raise Unauthenticated("the session has ended; sign in again")
    return session


def touch_session(tx: Tx, token_digest: str, *, now_us: int) -> None:
    """Makes a session last longer, unless that was done a moment ago."""
    touched = tx.run(
        "touch_session",
        token_digest=token_digest,
        now_us=now_us,
        stale_us=now_us - _TOUCHED_EACH_US,
        expires_us=now_us + LASTS_US,
    )
    if touched:
        tx.run("touch_user", token_digest=token_digest, now_us=now_us)


def end_session(tx: Tx, token_digest: str) -> None:
    """Signs a browser out."""
    tx.run("end_session", token_digest=token_digest)


def change_own_password(
    tx: Tx, user: User, new_hash: str, token_digest: str, *, secure: bool, now_us: int
) -> None:
    """A user's new password. Every session ends; the browser that asked begins another. Raises Unauthenticated."""
    where = {"email": user.email, "password_hash": user.password_hash}
    if not tx.run("change_password", **where, new_hash=new_hash):
        raise wrong_password()
    tx.run("end_sessions_of", email=user.email)
    renewed = msgspec.structs.replace(user, password_hash=new_hash)
    begin_session(tx, renewed, token_digest, secure=secure, now_us=now_us)


def wrong_password() -> Unauthenticated:
    """The one answer to a wrong password and to an email nobody has."""
    return Unauthenticated("the email or the password is wrong", code="wrong_password")
