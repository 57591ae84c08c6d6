"""Hashing passwords beside the event loop: it takes a CPU for a tenth of a second, so two at once at the most."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from promosight.errors import Overloaded
from promosight.flows.set_up.passwords import NOBODYS_HASH, hash_of, is_right

T = TypeVar("T")

_AT_ONCE = 2
_MAX_WAITING = 64


class Passwords:
    """The threads that hash, and how many wait for them. Belongs to one event loop."""

    def __init__(self, fresh: Callable[[int], str]) -> None:
        self._fresh = fresh
        self._threads = ThreadPoolExecutor(_AT_ONCE, "promosight-passwords")
        self._waiting = 0

    async def hashed(self, password: str) -> str:
        """What is to be kept of a new password. Raises Overloaded."""
        return await self.hashed_with(password, self._fresh(16).encode())

    async def hashed_with(self, password: str, salt: bytes) -> str:
        """What a password is with a salt. Raises Overloaded."""
        return await self._run(lambda: hash_of(password, salt))

    async def is_right(self, password: str, password_hash: str | None) -> bool:
        """Whether it is the password hashed; no hash (nobody's) costs as much as a wrong one. Raises Overloaded."""
        return await self._run(lambda: is_right(password, password_hash or NOBODYS_HASH))

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= _MAX_WAITING:
            raise Overloaded("too many passwords are being checked")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1
