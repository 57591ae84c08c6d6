"""The error tree. Expected outcomes of an event are values, never errors; what is here stops a whole request.

    PromosightError
    ├── Invalid          something in the request is wrong; names the field
    ├── NotFound         the thing named does not exist in this workspace
    ├── Conflict         the request contradicts what is already there
    ├── Unreadable       the body cannot be read at all
    ├── TooLarge         more than the door takes
    ├── NoRoom           more bytes than the disk has room for; nothing was done
    ├── TooSlow          the request did not come in time
    ├── Denied           no key, or a key that may not
    ├── TooMany          tried too often; wait as long as it says
    ├── Overloaded       try again later; nothing was done
    └── StoreError       the store is missing, too new, or cannot be opened

Each carries a stable `code` that callers may branch on; only the HTTP door knows statuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def naming(name: str | Path) -> Iterator[None]:
    """What the system could not do within names this file: of a write it only tells why."""
    try:
        yield
    except OSError as error:
        if error.filename is not None or error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(name)) from error


class PromosightError(Exception):
    """Root of the tree. `code` is stable; `detail` is for people; `pointer` names the field (RFC 6901)."""

    code = "error"

    def __init__(self, detail: str, *, code: str | None = None, pointer: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.pointer = pointer
        if code is not None:
            self.code = code


class Invalid(PromosightError):
    """Well-formed but not acceptable; `pointer` names the field."""

    code = "invalid"


class NotFound(PromosightError):
    """Nothing of that name in this workspace."""

    code = "not_found"


class Conflict(PromosightError):
    """Contradicts what is already there."""

    code = "conflict"


class Unreadable(PromosightError):
    """The body is not what its content type says."""

    code = "unreadable"


class UnsupportedMedia(PromosightError):
    """A content type or encoding this door does not take."""

    code = "unsupported_media_type"


class TooLarge(PromosightError):
    """More bytes or events than one request may carry."""

    code = "too_large"


class NoRoom(PromosightError):
    """The disk is nearly full; nothing was done."""

    code = "no_room"


class TooSlow(PromosightError):
    """The request did not come within the time a sender has for it; nothing was done."""

    code = "too_slow"


class Unauthenticated(PromosightError):
    """No key or session, or not one we know."""

    code = "unauthenticated"


class Denied(PromosightError):
    """Whoever calls is known but may not do this."""

    code = "forbidden"


class TooMany(PromosightError):
    """Tried too often; nothing was done. Another try may come after `retry_after_seconds`."""

    code = "too_many_attempts"

    def __init__(self, detail: str, *, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class Overloaded(PromosightError):
    """Nothing was done; the same request may be sent again after `retry_after_seconds`."""

    code = "overloaded"
    retry_after_seconds = 1


class StoreError(PromosightError):
    """The store cannot be used: missing, of a newer schema, or unreachable."""

    code = "store"
