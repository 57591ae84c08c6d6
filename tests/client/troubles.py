"""A line that fails as told: lost before or after the server had the request, busy, too large, a portal's page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import httpx

FINE, LOST, UNANSWERED, BUSY, PORTAL, TOO_LARGE, KILLED = (
    *("fine", "lost", "unanswered", "busy", "portal", "too large", "killed"),
)
TROUBLES = (LOST, UNANSWERED, BUSY, PORTAL, TOO_LARGE, KILLED)


class Killed(BaseException):
    """The process ended here, with the answer on its way."""


class Troubled(httpx.BaseTransport):
    """A real line with one trouble after the other; without any left it works."""

    def __init__(self, troubles: Iterable[str] = ()) -> None:
        self._line = httpx.HTTPTransport(verify=False)
        self._troubles: Iterator[str] = iter(troubles)
        self.sizes: list[int] = []
        """Of each request that came through, how many events it had."""

    def next(self, trouble: str) -> None:
        """What happens to the next request."""
        self._troubles = iter([trouble])

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Hands a request on, or not."""
        trouble = next(self._troubles, FINE)
        if trouble == LOST:
            raise httpx.ConnectError("nobody there")
        if trouble == BUSY:
            return httpx.Response(503, headers={"Retry-After": "7"})
        if trouble == PORTAL:
            return httpx.Response(200, text="<html>Welcome to our hotel</html>")
        if trouble == TOO_LARGE:
            return httpx.Response(413, text="<html>413 Request Entity Too Large</html>")
        answer = self._line.handle_request(request)
        answer.read()
        if trouble == UNANSWERED:
            raise httpx.ReadTimeout("no answer")
        if trouble == KILLED:
            raise Killed
        if answer.headers["content-type"] == "application/json":
            self.sizes.append(answer.json().get("received", 1))
        return answer

    def close(self) -> None:
        """Closes the connections."""
        self._line.close()
