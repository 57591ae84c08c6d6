"""How many requests each key or person may make in a minute, and how they learn it (the RateLimit headers of the IETF).

Off unless `--rate-limit` says a number. Counted in the memory of each process, by minutes of its clock: with several
processes each allows so many. A batch is one request: the limit keeps loops that have gone wild from being felt by
others, it does not ration events; what the store cannot take is refused as overload, whoever sends it.
"""

from __future__ import annotations

from typing import NamedTuple

from promosight.errors import TooMany
from promosight.rules.instants import SECOND_US

_WINDOW_SECONDS = 60


class Left(NamedTuple):
    """What is left of an allowance: so many requests for so many seconds."""

    allowed: int
    requests: int
    seconds: int

    @property
    def headers(self) -> dict[str, str]:
        """As the caller reads it."""
        return {
            "RateLimit-Policy": f'"minute";q={self.allowed};w={_WINDOW_SECONDS}',
            "RateLimit": f'"minute";r={self.requests};t={self.seconds}',
        }


class RateLimited(TooMany):
    """A key or person has made all the requests of this minute."""

    code = "rate_limited"

    def __init__(self, left: Left) -> None:
        super().__init__(
            f"{left.allowed:,} requests a minute are allowed; go on in {left.seconds} seconds",
            retry_after_seconds=left.seconds,
        )
        self.left = left


class Allowance:
    """The requests of this minute, by who made them. Belongs to one event loop."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._minute = 0
        self._made: dict[str, int] = {}

    def spend(self, who: str, *, now_us: int) -> Left | None:
        """Counts one request; None where there is no limit. Raises RateLimited."""
        if not self.per_minute or not who:
            return None
        minute, passed_us = divmod(now_us, _WINDOW_SECONDS * SECOND_US)
        if minute != self._minute:
            self._minute, self._made = minute, {}
        made = self._made.get(who, 0) + 1
        seconds = _WINDOW_SECONDS - passed_us // SECOND_US
        left = Left(self.per_minute, max(0, self.per_minute - made), seconds)
        if made > self.per_minute:
            raise RateLimited(left)
        self._made[who] = made
        return left
