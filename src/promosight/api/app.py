"""The application: the table of routes on Litestar, and a problem document for whatever goes wrong."""

from __future__ import annotations

import logging
from typing import Any

from litestar import HttpMethod, Litestar, Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from promosight.api import problems
from promosight.api.door import Door, endpoint
from promosight.api.pages import pages
from promosight.api.routes import ROUTES

_CODES = {404: "not_found", 405: "method_not_allowed"}
_log = logging.getLogger("promosight")


def application(door: Door) -> Litestar:
    """The whole HTTP door over one store."""
    handlers: list[HTTPRouteHandler] = [
        HTTPRouteHandler(route.path, http_method=HttpMethod(route.method), status_code=200)(endpoint(route))
        for route in ROUTES
    ]
    return Litestar(
        [*handlers, *pages(ROUTES)],
        state=State({"door": door}),
        openapi_config=None,
        exception_handlers={HTTPException: _refused, Exception: _broken},
        request_max_body_size=None,
    )


def _refused(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    status = error.status_code
    body = problems.document(status, _CODES.get(status, "bad_request"), error.detail or "")
    return Response(body, status_code=status, media_type=problems.MEDIA_TYPE)


def _broken(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    body = problems.document(500, "internal", "this is our fault; the log says more")
    return Response(body, status_code=500, media_type=problems.MEDIA_TYPE)
