"""The application: the table of routes on Litestar, the page, and a problem document for whatever goes wrong."""

from __future__ import annotations

import re
from typing import Any, cast
from urllib.parse import unquote

from litestar import HttpMethod, Litestar, Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from promosight.api.door import problems
from promosight.api.door.call import SLASH, headers_of, request_id_of
from promosight.api.door.door import Door, broken, content, endpoint
from promosight.api.door.express import lanes, serve
from promosight.api.door.heads_only import answer_head
from promosight.api.door.turning_away import TurningAway
from promosight.api.pages import pages
from promosight.api.routes import ROUTES
from promosight.api.site import FOLDER, Site
from promosight.api.straight import Straight

_PARAMETER = re.compile(r"\{[^}]+\}")
_NAMED = re.compile(r"/+v1/+[^/]+/")
_GAP = re.compile(r"(?<=/)(?=/)")
_CODES = {404: "not_found", 405: "method_not_allowed"}


class _Application(Litestar):
    """Litestar, but for what goes past it; and a slash written as %2F does not divide a path, but belongs to an id."""

    def __init__(self, door: Door, site: Site, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, state=State({"door": door, "site": site}), **settings)
        self._door = door
        self._express = lanes(ROUTES)
        self.turning_away = TurningAway(door, ROUTES)
        self.straight = Straight(door, ROUTES)
        self.rounds = door.rounds

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            if scope["method"] == "HEAD":
                await answer_head(self, scope, send)
                return
            route = self._express.get((scope["method"], scope["raw_path"]))
            if route is not None:
                await serve(self._door, route, scope, receive, send)
                return
            _keep_slashes(scope)
            _keep_gaps(scope)
        await super().__call__(scope, receive, send)


def application(door: Door) -> Litestar:
    """The whole HTTP door over one store."""
    handlers: list[HTTPRouteHandler] = [
        HTTPRouteHandler(route.path, http_method=HttpMethod(route.method), status_code=200)(
            endpoint(route)
        )
        for route in ROUTES
    ]
    site = Site(FOLDER)
    return _Application(
        door,
        site,
        [*_askable({route.path for route in ROUTES}), *handlers, *pages(ROUTES), *site.handlers()],
        openapi_config=None,
        logging_config=None,  # promosight.logs decides what is written
        exception_handlers={HTTPException: _refused, Exception: _broken},
        request_max_body_size=None,
    )


def _askable(paths: set[str]) -> list[HTTPRouteHandler]:
    """OPTIONS of each path. Litestar's own tell only the first method of a path whose handlers come one by one."""

    async def options(request: Request[Any, Any, Any]) -> Response[None]:
        return Response(None, status_code=204, headers={"Allow": _allowed(request)})

    return [
        HTTPRouteHandler(path, http_method=HttpMethod.OPTIONS, status_code=204)(options)
        for path in sorted(paths)
    ]


def _refused(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    status = error.status_code
    page = request.app.state.site.instead_of_missing(request) if status == 404 else None
    if page is not None:
        return cast(Response[bytes], page)
    allowed = _allowed(request) if status == 405 else ""
    asked = request.scope["raw_path"].decode("latin-1")
    detail = {
        404: f"there is nothing at {asked}; /docs lists what there is",
        405: f"{request.method} is not taken here; send {allowed.replace('OPTIONS, ', '')}",
    }.get(status, error.detail or "")
    body = problems.document(status, _CODES.get(status, "bad_request"), detail)
    answer = _problem(request, status, body)
    if allowed:
        answer.headers["Allow"] = allowed
    return answer


def _allowed(request: Request[Any, Any, Any]) -> str:
    """The methods that the path does take, as RFC 9110 wants them beside a 405 and of OPTIONS."""
    path = request.scope["path"].rstrip("/") or "/"
    found: set[str] = set()
    for route in request.app.routes:
        pattern = "[^/]+".join(map(re.escape, _PARAMETER.split(route.path_format)))
        if isinstance(route, HTTPRoute) and re.fullmatch(pattern, path):
            found |= {str(method) for method in route.methods}
    if "GET" in found:
        found.add("HEAD")
    return ", ".join(sorted(found))


def _broken(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    answer = broken(None, _request_id(request), error)
    return _problem(request, answer.status, content(answer))


def _problem(request: Request[Any, Any, Any], status: int, body: bytes) -> Response[bytes]:
    headers = {"X-Request-Id": _request_id(request)}
    return Response(body, status_code=status, media_type=problems.MEDIA_TYPE, headers=headers)


def _request_id(request: Request[Any, Any, Any]) -> str:
    state = request.scope["state"]
    if "request_id" not in state:
        state["request_id"] = request_id_of(headers_of(request.scope))
    named: str = state["request_id"]
    return named


def _keep_slashes(scope: Any) -> None:
    raw = scope.get("raw_path", b"").decode("latin-1")
    if "%2f" in raw.lower():
        scope["path"] = unquote(raw.replace("%2F", SLASH).replace("%2f", SLASH))


def _keep_gaps(scope: Any) -> None:
    """An empty id leaves two slashes together: told as that, and what stands behind it is not taken for the id."""
    if "//" in (path := scope["path"]) and (named := _NAMED.match(path)) is not None:
        start = named.end() - 1
        scope["path"] = path[:start] + _GAP.sub(" ", path[start:])
