"""Pages and documents that ask for no key: health, the API's description, the schemas, the docs page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from html import escape
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from promosight.api import openapi
from promosight.api.door import problems
from promosight.api.door.door import Route
from promosight.api.door.metrics import MEDIA_TYPE
from promosight.api.examples import EXAMPLES
from promosight.connectors.cloudevents import CloudEvent
from promosight.rules.reported import ReportedAssignment, ReportedEvent

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font: 14px/1.5 ui-monospace, monospace; }
pre { overflow: auto; padding: .75rem; border: 1px solid #8884; border-radius: 6px; }
details { border: 1px solid #8884; border-radius: 6px; margin: .4rem 0; padding: .4rem .75rem; }
summary { cursor: pointer; } summary b { display: inline-block; min-width: 4.5rem; }
small { opacity: .75; }
"""


def pages(routes: tuple[Route, ...]) -> list[HTTPRouteHandler]:
    """The handlers of every page without a key."""
    shown = [get(path)(_fixed(*page)) for path, page in _written(routes).items()]
    return [*shown, get("/readyz")(_ready), get("/metrics")(_metrics)]


_SCHEMA = "application/schema+json"


@cache
def _written(routes: tuple[Route, ...]) -> dict[str, tuple[bytes, str]]:
    """What never changes, written once in a process: it takes a sixth of what making an application does."""
    return {
        "/openapi.json": (openapi.document(routes), "application/json"),
        "/schemas/redemption.json": (openapi.event_schema(ReportedEvent), _SCHEMA),
        "/schemas/assignment.json": (openapi.event_schema(ReportedAssignment), _SCHEMA),
        "/schemas/cloudevent.json": (openapi.event_schema(CloudEvent), _SCHEMA),
        "/docs": (_docs(routes).encode(), "text/html"),
        "/healthz": (b'{"status":"ok"}', "application/json"),
    }


def _fixed(content: bytes, media_type: str) -> Callable[[], Any]:
    async def page() -> Response[bytes]:
        return Response(content, media_type=media_type)

    return page


async def _ready(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Whether requests are welcome; the truth, not a hope."""
    found = await request.app.state.door.health.found()
    if found.why:
        body = problems.document(503, "not_ready", found.why)
        return Response(body, status_code=503, media_type=problems.MEDIA_TYPE)
    return Response(msgspec.json.encode({"status": "ready", "workspaces": found.workspaces}))


async def _metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What Prometheus reads."""
    shown = await asyncio.to_thread(request.app.state.door.metrics.shown)
    return Response(shown, media_type=MEDIA_TYPE)


def _docs(routes: tuple[Route, ...]) -> str:
    parts = []
    for route in routes:
        example = EXAMPLES.get(route.takes)
        body = f"<pre>{escape(_pretty(example))}</pre>" if example else ""
        query = f"<p>Query: <code>{', '.join(route.query)}</code></p>" if route.query else ""
        path = route.shown
        parts.append(
            f"<details><summary><b>{route.method}</b> <code>{escape(path)}</code> "
            f"<small>{escape(route.summary)}</small></summary>"
            f"<p>{openapi.needed(route, '<code>', '</code>')}</p>{query}{body}</details>"
        )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Promosight API</title>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<style>{_STYLE}</style><h1>Promosight API</h1>"
        "<p>Send the key as <code>Authorization: Bearer KEY</code>, or sign in. The whole description is at "
        "<a href=/openapi.json>/openapi.json</a>; the events' schemas at "
        "<a href=/schemas/redemption.json>/schemas/redemption.json</a>, "
        "<a href=/schemas/assignment.json>/schemas/assignment.json</a> and "
        "<a href=/schemas/cloudevent.json>/schemas/cloudevent.json</a>.</p>" + "".join(parts)
    )


def _pretty(example: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(example), indent=2).decode()
