"""Making keys: the only place of the command line that throws dice."""

from __future__ import annotations

import secrets

from promosight.flows.set_up import NewKey


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
