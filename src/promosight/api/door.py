"""The door itself: from a request to a `Call`, from an `Answer` to a response.

Every route passes here, so that keys, bodies, idempotency and problem documents are the same everywhere.
Handlers below are plain functions of a call; those that only ask the store run in a thread.
"""

from __future__ import annotations

import asyncio
import inspect
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cached_property
from typing import Any, NamedTuple

import msgspec
from litestar import Request, Response
from litestar.response import Stream

from promosight.api import problems
from promosight.api.bodies import MAX_BYTES, decompressed, identified
from promosight.api.keys import Caller, Keys, check
from promosight.errors import (
    Invalid,
    Overloaded,
    PromosightError,
    StoreError,
    TooLarge,
    Unauthenticated,
)
from promosight.flows.idempotency import Answer as Kept
from promosight.flows.idempotency import claim, keep
from promosight.rules.identity import stable_hash
from promosight.store.engine import Store

JSON = "application/json"
SLASH = "\x1f"
"""Stands for a slash within a parameter of the path; no id may hold it."""

_REQUEST_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)
_LONGEST = 4_096


class Answer(NamedTuple):
    """What a handler answers: anything msgspec can encode, text, or a stream of bytes."""

    body: Any = None
    status: int = 200
    media_type: str = JSON
    headers: dict[str, str] = {}  # noqa: RUF012 - a NamedTuple's default, never changed
    kept: Any = None
    """What is kept for an Idempotency-Key, where it may not be the body itself."""


class Door:
    """What handlers need: the store, the clock, fresh ids, and who calls."""

    def __init__(
        self, store: Store, *, clock: Callable[[], int], fresh: Callable[[int], str]
    ) -> None:
        self.store = store
        self.clock = clock
        self.fresh = fresh
        self.keys = Keys(store)


class Call:
    """One request, its key checked and its body read (`raw`: as it came, perhaps compressed)."""

    def __init__(
        self, request: Request[Any, Any, Any], caller: Caller, raw: bytes, now_us: int
    ) -> None:
        self.request = request
        self.caller = caller
        self.raw = raw
        self.now_us = now_us

    @cached_property
    def body(self) -> bytes:
        """The body, decompressed. Raises Unreadable, UnsupportedMedia, TooLarge."""
        return decompressed(self.raw, self.encoding)

    @property
    def encoding(self) -> str:
        """The content encoding, "" where there is none."""
        return self.request.headers.get("content-encoding", "").strip().lower()

    @property
    def workspace_no(self) -> int:
        """The workspace of the key."""
        return self.caller.workspace.workspace_no

    @property
    def media_type(self) -> str:
        """The content type without its parameters; JSON when none is named."""
        return self.request.headers.get("content-type", JSON).split(";")[0].strip().lower()

    def path(self, name: str) -> str:
        """A parameter of the path, trimmed. Raises Invalid where it can be no id."""
        return identified(self.request.path_params[name].replace(SLASH, "/"), f"/{name}")

    def query(self, name: str) -> str | None:
        """A parameter of the query string, or None. Raises Invalid for what nobody types."""
        value: str | None = self.request.query_params.get(name)
        if value is not None and (len(value) > _LONGEST or not value.isprintable()):
            raise Invalid("must be printable and shorter", pointer=f"/{name}")
        return value

    def limit(self, default: int = 100, at_most: int = 1_000) -> int:
        """The page size asked for. Raises Invalid."""
        text = self.query("limit")
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= at_most:
            raise Invalid(f"must be a whole number from 1 to {at_most}", pointer="/limit")
        return int(text)


Handler = Callable[[Door, Call], Answer | Awaitable[Answer]]


class Route(NamedTuple):
    """One line of the table of routes. `scope` is "" where no key is asked for."""

    method: str
    path: str
    handler: Handler
    scope: str
    summary: str
    takes: Any = None
    gives: Any = None
    query: tuple[str, ...] = ()
    status: int = 200


def endpoint(route: Route) -> Callable[[Request[Any, Any, Any]], Awaitable[Response[Any]]]:
    """The function Litestar calls for a route."""

    async def call(request: Request[Any, Any, Any]) -> Response[Any]:
        try:
            answer = await _answer(request.app.state.door, route, request)
        except PromosightError as error:
            status, body = problems.of_error(error)
            answer = Answer(body, status, problems.MEDIA_TYPE, _hints(error))
        return _response(answer, request_id_of(request))

    return call


def request_id_of(request: Request[Any, Any, Any]) -> str:
    """The caller's X-Request-Id where it is a plain word, or a fresh one; the same for one request."""
    given: str = request.headers.get("x-request-id", "")
    state = request.scope["state"]
    named: str = state.setdefault(
        "request_id", given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    )
    return named


async def _answer(door: Door, route: Route, request: Request[Any, Any, Any]) -> Answer:
    now_us = door.clock()
    address = request.client.host if request.client else ""
    secret = _secret(request)
    caller = door.keys.remembered(secret, now_us=now_us)
    if caller is None:
        caller = await asyncio.to_thread(door.keys.look_up, secret, now_us=now_us)
    check(caller, address, route.scope, now_us=now_us)
    call = Call(request, caller, await _raw_body(request), now_us)
    key = request.headers.get("idempotency-key")
    if key is None or route.method != "POST":
        return await _handle(door, route, call)
    return await _once(door, route, call, key)


async def _handle(door: Door, route: Route, call: Call) -> Answer:
    if inspect.iscoroutinefunction(route.handler):
        answer: Answer = await route.handler(door, call)
        return answer
    return await asyncio.to_thread(route.handler, door, call)  # type: ignore[arg-type]


async def _once(door: Door, route: Route, call: Call, key: str) -> Answer:
    """Handles a call under an Idempotency-Key."""
    if not 1 <= len(key) <= 255 or not key.isprintable():
        raise Invalid("must be 1 to 255 printable characters", pointer="/Idempotency-Key")
    url = call.request.url
    digest = stable_hash(url.path, url.query, call.media_type, call.encoding, call.raw)
    number = call.workspace_no
    kept = await asyncio.to_thread(
        door.store.change, lambda tx: claim(tx, number, key, digest, now_us=call.now_us)
    )
    if kept is not None:
        return Answer(kept.body.encode(), kept.status, _media_type(kept.status))
    to_keep = None
    try:
        answer = await _handle(door, route, call)
        to_keep = Kept(answer.status, _bytes(answer.kept or answer.body).decode())
        return answer
    except PromosightError as error:
        status, body = problems.of_error(error)
        to_keep = Kept(status, body.decode()) if status < 500 else None
        raise
    finally:
        await asyncio.to_thread(door.store.change, lambda tx: keep(tx, number, key, to_keep))


def _media_type(status: int) -> str:
    return JSON if status < 400 else problems.MEDIA_TYPE


async def _raw_body(request: Request[Any, Any, Any]) -> bytes:
    """The body, never more of it than may be. Raises TooLarge."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BYTES:
            raise TooLarge(f"the body is larger than {MAX_BYTES} bytes; send a smaller batch")
        chunks.append(chunk)
    return b"".join(chunks)


def _secret(request: Request[Any, Any, Any]) -> str | None:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return secret.strip()
    given = request.headers.get("x-api-key")
    return None if given is None else str(given)


def _hints(error: PromosightError) -> dict[str, str]:
    """Headers that tell a caller what to do about an error."""
    if isinstance(error, Overloaded | StoreError):
        return {"Retry-After": str(Overloaded.retry_after_seconds)}
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": 'Bearer realm="promosight"'}
    return {}


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else msgspec.json.encode(body)


def _response(answer: Answer, request_id: str) -> Response[Any]:
    headers = answer.headers | {"X-Request-Id": request_id}
    if isinstance(answer.body, AsyncIterator):
        return Stream(answer.body, media_type=answer.media_type, headers=headers)
    content = b"" if answer.status == 204 else _bytes(answer.body)
    return Response(
        content, status_code=answer.status, media_type=answer.media_type, headers=headers
    )
