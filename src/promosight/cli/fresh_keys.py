"""Making keys, passwords and what is kept of them: the only place of the command line that throws dice."""

from __future__ import annotations

import secrets

from promosight.flows.set_up.passwords import check_password, hash_of
from promosight.flows.set_up.users import NewUser, check_user
from promosight.flows.set_up.workspaces import NewKey


def fresh_key(
    name: str,
    scopes: list[str],
    *,
    now_us: int,
    source: str | None = None,
    ip_ranges: list[str] | None = None,
    expires_us: int | None = None,
) -> NewKey:
    """A key nobody has seen yet: 256 random bits, and a short id to speak of it by."""
    return NewKey(
        key_id=f"key_{secrets.token_hex(6)}",
        secret=f"ps_{secrets.token_urlsafe(32)}",
        name=name,
        scopes=scopes,
        source=source,
        ip_ranges=ip_ranges or [],
        created_us=now_us,
        expires_us=expires_us,
    )


def fresh_user(email: str, role: str, password: str, *, name: str = "", now_us: int) -> NewUser:
    """A user to be made. Raises Invalid before anything is hashed."""
    check_user(email, role, name)
    kept = fresh_hash(password)
    return NewUser(email=email, role=role, name=name, password_hash=kept, created_us=now_us)


def fresh_hash(password: str) -> str:
    """What is to be kept of a new password. Raises Invalid when it is too short."""
    check_password(password)
    return hash_of(password, secrets.token_bytes(16))


def fresh_password() -> str:
    """A password nobody has seen yet: 96 random bits."""
    return secrets.token_urlsafe(12)


def fresh_token() -> str:
    """128 random bits."""
    return secrets.token_urlsafe(16)
