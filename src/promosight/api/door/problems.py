"""Problem documents (RFC 9457): the one shape of every error, and the only place that knows statuses."""

from __future__ import annotations

from typing import Any

import msgspec

from promosight import errors

STATUSES: dict[type[errors.PromosightError], int] = {
    errors.Unreadable: 400,
    errors.Unauthenticated: 401,
    errors.Denied: 403,
    errors.NotFound: 404,
    errors.TooSlow: 408,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.UnsupportedMedia: 415,
    errors.Invalid: 422,
    errors.TooMany: 429,
    errors.Overloaded: 503,
    errors.StoreError: 503,
    errors.NoRoom: 507,
}
TITLES = {
    400: "The body cannot be read",
    401: "No valid key or session",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "The request did not come in time",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    422: "Not acceptable as it is",
    429: "Too many attempts",
    500: "Something broke on our side",
    503: "Try again shortly",
    507: "No room for it",
}
MEDIA_TYPE = "application/problem+json"


def document(
    status: int, code: str, detail: str, *, pointer: str | None = None, **more: Any
) -> bytes:
    """The bytes of a problem document; `pointer` names the field at fault."""
    body: dict[str, Any] = {
        "type": f"urn:promosight:problem:{code}",
        "title": TITLES.get(status, "Problem"),
        "status": status,
        "detail": _naming(pointer, detail),
        "code": code,
        "errors": [] if pointer is None else [{"pointer": pointer, "detail": detail}],
    }
    return msgspec.json.encode(body | more)


def _naming(pointer: str | None, detail: str) -> str:
    """What is wrong in words that stand alone: most details only say what is wrong with the field pointed at."""
    field = (pointer or "").lstrip("/")
    return detail if not field or field in detail.split() else f"{field}: {detail}"


def of_error(error: errors.PromosightError) -> tuple[int, bytes]:
    """Status and document of an error of the tree."""
    status = next(s for kind, s in STATUSES.items() if isinstance(error, kind))
    return status, document(status, error.code, error.detail, pointer=error.pointer)
