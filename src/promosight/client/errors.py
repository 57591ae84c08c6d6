"""What can go wrong for whoever uses the client.

    ClientError
    ├── Invalid          found before anything was kept or sent; `pointer` names the field
    ├── OutboxFailed     the outbox cannot be written or read
    │   └── OutboxFull   as much lies there as may: what is there is kept, what is new is refused
    ├── Closed           the client was closed, or made in another process
    ├── Unreachable      a direct call had no answer for as long as it may try
    └── Problem          the server's problem document: `status`, `code`, `detail`, `pointer`
        ├── NotAllowed   401, 403: no key, or one that may not
        ├── NotFound     404
        └── Conflict     409

Reporting raises the first four only. What the server thinks of an event is told later, to `on_problem`.
"""

from __future__ import annotations


class ClientError(Exception):
    """Root of the tree; `detail` is for people."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Invalid(ClientError):
    """A value that cannot be right; `pointer` names the field (RFC 6901)."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.pointer = f"/{field}"


class OutboxFailed(ClientError):
    """The outbox cannot be used: no such folder, no room on the disk, damaged, or of a newer version."""


class OutboxFull(OutboxFailed):
    """The outbox holds as many events or bytes as it may. This event was not kept."""


class Closed(ClientError):
    """This client cannot be used here any more."""


class Unreachable(ClientError):
    """No answer of the server within the time a call has. It may have been done all the same."""


class Problem(ClientError):
    """What the server refused, as it says itself; `code` is stable."""

    def __init__(self, status: int, code: str, detail: str, pointer: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.pointer = pointer


class NotAllowed(Problem):
    """The key is unknown, revoked, expired, or may not do this."""


class NotFound(Problem):
    """Nothing of that name."""


class Conflict(Problem):
    """Contradicts what is already there."""


_BY_STATUS: dict[int, type[Problem]] = {
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
}


def problem(status: int, code: str, detail: str, pointer: str | None = None) -> Problem:
    """The exception for a status."""
    return _BY_STATUS.get(status, Problem)(status, code, detail, pointer)
