"""Who tries passwords too often: ten wrong ones within five minutes, for one email or from one address.

Each try counts from its beginning, so that many at once are not more than ten either, and is forgiven when it
turns out right. What is counted lies in the memory of this process, and there is a bound to it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address

from promosight.api.door.call import Headers, Scope
from promosight.errors import Overloaded, StoreError, TooMany
from promosight.rules.instants import SECOND_US

ALLOWED = 10
WITHIN_US = 300 * SECOND_US
MAX_NAMES = 20_000
_LONGEST = 254


class Attempts:
    """The tries of the last minutes, by email and by address. Belongs to one event loop."""

    def __init__(self) -> None:
        self._tries: dict[str, list[int]] = {}  # the latest tried is the last

    @contextmanager
    def counted(self, *names: str, now_us: int) -> Iterator[None]:
        """Counts a try under each of these names unless the block ends well. Raises TooMany."""
        names = tuple(name[:_LONGEST] for name in names)
        for name in names:
            self._check(name, now_us)
        for name in names:
            self._add(name, now_us)
        try:
            yield
        except (Overloaded, StoreError):  # no fault of theirs
            self._forgive(names, now_us)
            raise
        self._forgive(names, now_us)

    def __len__(self) -> int:
        return len(self._tries)

    def _check(self, name: str, now_us: int) -> None:
        recent = [one for one in self._tries.get(name, ()) if one > now_us - WITHIN_US]
        if len(recent) >= ALLOWED:
            seconds = math.ceil((recent[-ALLOWED] + WITHIN_US - now_us) / SECOND_US)
            raise TooMany(
                f"too many wrong passwords; try again in {seconds} seconds",
                retry_after_seconds=seconds,
            )

    def _add(self, name: str, now_us: int) -> None:
        recent = [one for one in self._tries.pop(name, ()) if one > now_us - WITHIN_US]
        if len(self._tries) >= MAX_NAMES:
            del self._tries[next(iter(self._tries))]
        self._tries[name] = [*recent, now_us]

    def _forgive(self, names: tuple[str, ...], now_us: int) -> None:
        for name in names:
            left = list(self._tries.get(name, ()))
            if now_us in left:
                left.remove(now_us)
            if left:
                self._tries[name] = left
            else:
                self._tries.pop(name, None)


def address_of(scope: Scope, headers: Headers) -> str:
    """Where a request came from, for counting only: of IPv6 the network, which is one household's.

    A proxy in the same network names the address in X-Forwarded-For, else all its users would be one. Whoever
    writes that header themselves from there escapes this count, and not the one by email.
    """
    client = scope.get("client")
    address = client[0] if client else ""
    forwarded = headers.get(b"x-forwarded-for", b"").decode("latin-1").rpartition(",")[2].strip()
    try:
        here = ip_address(address)
        if forwarded and here.is_private:
            here = ip_address(forwarded)
    except ValueError:
        return address
    if isinstance(here, IPv6Address) and here.ipv4_mapped is None:
        return here.exploded[:19]
    return str(here)
