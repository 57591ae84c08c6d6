"""The application: the table of routes on Litestar, and a problem document for whatever goes wrong."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import unquote

from litestar import HttpMethod, Litestar, Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from promosight.api import problems
from promosight.api.door import SLASH, Door, endpoint, request_id_of
from promosight.api.pages import pages
from promosight.api.routes import ROUTES

_CODES = {404: "not_found", 405: "method_not_allowed"}
_log = logging.getLogger("promosight")


class _Application(Litestar):
    """Litestar, but a slash written as %2F belongs to an id and does not divide the path."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            _keep_slashes(scope)
        await super().__call__(scope, receive, send)


def application(door: Door) -> Litestar:
    """The whole HTTP door over one store."""
    handlers: list[HTTPRouteHandler] = [
        HTTPRouteHandler(route.path, http_method=HttpMethod(route.method), status_code=200)(
            endpoint(route)
        )
        for route in ROUTES
    ]
    return _Application(
        [*handlers, *pages(ROUTES)],
        state=State({"door": door}),
        openapi_config=None,
        exception_handlers={HTTPException: _refused, Exception: _broken},
        request_max_body_size=None,
    )


def _refused(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    status = error.status_code
    body = problems.document(status, _CODES.get(status, "bad_request"), error.detail or "")
    return _problem(request, status, body)


def _broken(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    body = problems.document(500, "internal", "this is our fault; the log says more")
    return _problem(request, 500, body)


def _problem(request: Request[Any, Any, Any], status: int, body: bytes) -> Response[bytes]:
    headers = {"X-Request-Id": request_id_of(request)}
    return Response(body, status_code=status, media_type=problems.MEDIA_TYPE, headers=headers)


def _keep_slashes(scope: Any) -> None:
    raw = scope.get("raw_path", b"").decode("latin-1")
    if "%2f" in raw.lower():
        scope["path"] = unquote(raw.replace("%2F", SLASH).replace("%2f", SLASH))
