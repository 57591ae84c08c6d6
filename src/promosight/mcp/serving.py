"""The doors: standard input and output, or HTTP on loopback.

Over standard input and output the server holds one key. Over HTTP it holds none: each request brings its own, as
`Authorization: Bearer KEY`, so that a port on a machine opens nothing to whoever else works there.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

import anyio
import uvicorn
from mcp.server.stdio import stdio_server
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from promosight.mcp.answering import server_of
from promosight.mcp.asking import Api, line_to

HERE = "127.0.0.1"


def serve_stdio(url: str, key: str) -> None:
    """Answers on standard input and output until the client goes."""
    anyio.run(_serve_stdio, url, key)


async def _serve_stdio(url: str, key: str) -> None:
    async with line_to(url) as line:
        api = Api(line, key)
        server = server_of(lambda _: api)
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())


def serve_http(url: str, port: int, ready: Callable[[str], None]) -> None:
    """Answers over HTTP on loopback until it is stopped; says at which address. Raises OSError for a port in use."""
    with socket.create_server((HERE, port)) as listening:
        anyio.run(_serve_http, url, listening, ready)


async def _serve_http(url: str, listening: socket.socket, ready: Callable[[str], None]) -> None:
    async with line_to(url) as line:
        server = server_of(lambda request: Api(line, _key_of(request.headers) or ""))
        # Only a Host of this machine is answered: no page of a browser gets in by a name of its own.
        app = server.streamable_http_app(stateless_http=True, json_response=True, host=HERE)
        ready(f"http://{HERE}:{listening.getsockname()[1]}/mcp")
        config = uvicorn.Config(_WithKey(app), log_level="warning", server_header=False)
        await uvicorn.Server(config).serve(sockets=[listening])


class _WithKey:
    """Lets nobody in without a key; whether it is a good one the API says."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http" and _key_of(Headers(scope=scope)) is None:
            said = "Send a key of Promosight: Authorization: Bearer KEY\n"
            refusal = PlainTextResponse(said, 401, {"WWW-Authenticate": "Bearer"})
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _key_of(headers: Headers) -> str | None:
    """The key that a request brings."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else headers.get("x-api-key")
