"""The door itself: from a request to a `Call`, to an `Answer`, to a response.

Every route passes here, so that keys, sessions, bodies, idempotency and problem documents are the same everywhere.
Handlers below are plain functions of a call; those that only ask the store run in a thread.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import chain
from typing import Any, NamedTuple, TypeVar

import msgspec
from litestar import Request, Response
from litestar.response import Stream

from promosight.api.connections.rounds import Rounds
from promosight.api.door import problems
from promosight.api.door.allowance import Allowance, RateLimited
from promosight.api.door.attempts import Attempts
from promosight.api.door.bodies import MAX_BYTES
from promosight.api.door.call import (
    JSON,
    Call,
    Headers,
    Receive,
    Scope,
    headers_of,
    logged_id,
    request_id_of,
)
from promosight.api.door.cookies import check_change, find_caller, token_of
from promosight.api.door.health import Health
from promosight.api.door.holding import Holding, Limits, Share, spooled
from promosight.api.door.keys import NOBODY, Caller, Keys, check
from promosight.api.door.live import Live
from promosight.api.door.metrics import Metrics
from promosight.api.door.passwords import Passwords
from promosight.api.door.pressure import Pressure
from promosight.api.door.query_names import check_names
from promosight.api.door.sparing import GZIP, gzipped, is_known, tagged, takes_gzip
from promosight.api.door.write_keys import UNKEYED_BYTES, with_key
from promosight.connectors.spool import Spool
from promosight.errors import (
    Conflict,
    Invalid,
    Overloaded,
    PromosightError,
    StoreError,
    TooMany,
    TooSlow,
    Unauthenticated,
)
from promosight.flows.decisioning.minds import Minds
from promosight.flows.set_up.idempotency import Answer as Kept
from promosight.flows.set_up.idempotency import Request as Once
from promosight.flows.set_up.idempotency import keep, kept_answer
from promosight.rules.identity import stable_hash
from promosight.store.engine import Store
from promosight.store.waiting import TRACED

T = TypeVar("T")

_LIMITS = Limits()
_OPEN_BYTES = 16 * 1024
"""The body of a caller without a key may have this many bytes."""
_SIGNED_BYTES = 2 * 1024 * 1024
"""A body that is known by its signature may have this many; shops tell orders of hundreds of lines in less."""
_COUNTED_AT_ONCE = 2
_log = logging.getLogger("promosight")
_encode = msgspec.json.Encoder().encode


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
        self,
        store: Store,
        *,
        clock: Callable[[], int],
        fresh: Callable[[int], str],
        limits: Limits = _LIMITS,
        spool: Spool | None = None,
        allowance: Allowance | None = None,
        log_requests: bool = False,
        webhooks_private: bool = False,
    ) -> None:
        self.store = store
        self.webhooks_private = webhooks_private
        self.spool = spool
        self.clock = clock
        self.fresh = fresh
        self.keys = Keys(store)
        self.sessions = Keys(store, find_caller)
        self.minds = Minds()
        self.passwords = Passwords(fresh)
        self.attempts = Attempts()
        self.counting = asyncio.Semaphore(_COUNTED_AT_ONCE)
        self.exporting = asyncio.Semaphore(_COUNTED_AT_ONCE)
        """Whoever has the store count many facts waits for this."""
        self.live = Live(store, clock=clock, token=fresh(6))
        self.holding = Holding(limits)
        self.strangers = Holding(limits._replace(held_bytes=min(UNKEYED_BYTES, limits.held_bytes)))
        """Bodies that are read before it is known whose they are. They take no room from those of callers."""
        self.rounds = Rounds(store.go_on)
        self.pressure = Pressure(self.rounds)
        self.metrics = Metrics(store)
        self.health = Health(store, clock=clock)
        self.allowance = allowance or Allowance(0)
        self.log_requests = log_requests
        self.answering: Answering = answered
        """What is done with a request; tracing stands in its place where it is on."""
        self._decoder = ThreadPoolExecutor(1, "promosight-decoder")

    async def decode(self, reading: Callable[[], T]) -> T:
        """What reading a large body gives, while the loop goes on. One at a time, so that many at once
        neither pile up decoded nor leave the other threads without their turn."""
        return await asyncio.get_running_loop().run_in_executor(self._decoder, reading)

    def answered(self, route: Route, status: int, request_id: str, began: float) -> None:
        """A request was answered: it is counted, and has a line in the log where that is wanted."""
        seconds = time.perf_counter() - began
        self.metrics.answered(route.method, route.shown, status, seconds)
        self.log(route, status, request_id, seconds)

    def log(self, route: Route, status: int, request_id: str, seconds: float) -> None:
        """A line in the log for a request that was answered, where that is wanted."""
        if self.log_requests:
            said = {"status": status, "ms": round(seconds * 1_000, 3)}
            named = {"method": route.method, "route": route.shown}
            _log.info("a request", extra=said | named | {"request_id": logged_id(request_id)})

    def forget_callers(self) -> None:
        """Looks every key and session up anew, because what follows from one has changed."""
        self.keys.forget()
        self.sessions.forget()


Handler = Callable[[Door, Call], Answer | Awaitable[Answer]]
Answering = Callable[..., Awaitable[Answer]]
Compared = Callable[[Door, Call], Awaitable[bytes]]
"""What stands for a body that holds a password, when two requests are compared."""


class Route(NamedTuple):
    """One line of the table of routes. Of several scopes, parted by spaces, one is enough; "" asks for no key.

    Where there is `admit` the body is a file: judged by its head, then spooled, never held. The body of a `private`
    one holds a password: no trace of it is kept, so an Idempotency-Key is looked at only where `compared` says what
    stands for the body. `media` are the media types it answers in beside JSON. What `reports` waits for the writer,
    and is refused when too much does. `basic`: the key may come as the user name of Basic authentication, or within
    the body. `signed`: no key is asked for, because the handler knows its sender by the signature of the body.
    """

    method: str
    path: str
    handler: Handler
    scope: str
    summary: str
    takes: Any = None
    gives: Any = None
    query: tuple[str, ...] = ()
    status: int = 200
    admit: Callable[[Call], None] | None = None
    private: bool = False
    compared: Compared | None = None
    reports: bool = False
    media: tuple[str, ...] = ()
    basic: bool = False
    signed: bool = False

    @property
    def is_repeatable(self) -> bool:
        """Whether it takes an Idempotency-Key. Whose it is must be known before it is looked at."""
        if self.method != "POST" or self.signed:
            return False
        return not self.private or self.compared is not None

    @property
    def shown(self) -> str:
        """The path as people write it."""
        return self.path.replace(":str}", "}")


def endpoint(route: Route) -> Callable[[Request[Any, Any, Any]], Awaitable[Response[Any]]]:
    """The function Litestar calls for a route."""

    async def call(request: Request[Any, Any, Any]) -> Response[Any]:
        door = request.app.state.door
        headers = headers_of(request.scope)
        request_id = request.scope["state"]["request_id"] = request_id_of(headers)
        began = time.perf_counter()
        try:
            answer = await door.answering(
                door, route, request.scope, headers, request.receive, request.path_params
            )
        except PromosightError as error:
            answer = refused(error)
        except Exception as error:  # noqa: BLE001 - a fault of ours is answered and logged
            answer = broken(route, request_id, error)
        door.answered(route, answer.status, request_id, began)
        return _response(answer, request_id)

    return call


async def answered(
    door: Door,
    route: Route,
    scope: Scope,
    headers: Headers,
    receive: Receive,
    parameters: Mapping[str, str],
) -> Answer:
    """Checks who calls, takes the body in and lets the route's handler answer. Raises PromosightError."""
    if route.reports:  # first of all: what is refused must cost next to nothing
        door.pressure.check(int(headers.get(b"content-length", 0)))
    if route.basic:
        headers, receive = await with_key(door.strangers, headers, receive)
    now_us = door.clock()
    caller = await admitted(door, route.scope, scope, headers, now_us=now_us)
    if route.query and scope["query_string"]:
        check_names(scope["query_string"], route.query)
    left = door.allowance.spend(caller.name, now_us=now_us)
    bare = Call(scope, headers, caller, raw=b"", now_us=now_us, parameters=parameters)
    answer = await _taken_in(door, route, bare, receive)
    if route.method == "GET":
        answer = _sparing(headers, answer, now_us)
    return answer if left is None else answer._replace(headers=answer.headers | left.headers)


async def _taken_in(door: Door, route: Route, bare: Call, receive: Receive) -> Answer:
    """Takes the body in, and lets the route's handler answer."""
    if route.admit is not None:
        return await _with_file(door, route, bare, receive)
    caller, headers = bare.caller, bare.headers
    most = MAX_BYTES if caller is not NOBODY else _SIGNED_BYTES if route.signed else _OPEN_BYTES
    holding = door.strangers if route.signed else door.holding
    share = Share(holding, most)
    try:
        share.cover(int(headers.get(b"content-length", 0)))
        raw = await holding.received(receive, share)
        answer = _report if route.reports else _answer
        return await answer(door, route, bare.with_body(raw))
    finally:
        share.end()


async def _report(door: Door, route: Route, call: Call) -> Answer:
    """Answers a report, and notes how long it took from its body on."""
    # Many may have come while its key or its body was waited for.
    door.pressure.check(len(call.raw))
    stay, served = door.pressure.begin(len(call.raw)), False
    call.still = stay.check
    try:
        answer = await _answer(door, route, call)
        served = answer.status < 300
        return answer
    except StoreError:
        served = True  # as slow as it was
        raise
    finally:
        stay.end(served=served)


async def admitted(
    door: Door, allowed: str, scope: Scope, headers: Headers, *, now_us: int
) -> Caller:
    """Who calls, and that it may, with one of the scopes allowed. Raises Unauthenticated, Denied."""
    secret = secret_of(headers)
    if secret is None:
        caller = await _without_key(door, allowed, scope, headers, now_us)
    else:
        caller = await door.keys.caller(secret, now_us=now_us)
    client = scope.get("client")
    check(caller, client[0] if client else "", allowed, now_us=now_us)
    return caller


async def _without_key(
    door: Door, allowed: str, scope: Scope, headers: Headers, now_us: int
) -> Caller:
    """Who calls without a key: nobody where none is asked for, else the user of a session."""
    if not allowed:
        return NOBODY
    token = token_of(headers)
    if token is not None:
        check_change(scope["method"], headers)
        return await door.sessions.caller(token, now_us=now_us)
    return await door.keys.caller(None, now_us=now_us)


async def _with_file(door: Door, route: Route, bare: Call, receive: Receive) -> Answer:
    """Answers a call whose body is a file, of any size."""
    assert route.admit is not None
    route.admit(bare)
    if door.spool is None:
        raise StoreError("this server has no folder for files")
    door.spool.check_room(int(bare.header(b"content-length") or 0))
    with door.spool.receiving(f"imp-{door.fresh(12)}") as file:
        await spooled(receive, file, door.holding.limits.seconds)
        call = Call(
            bare.scope,
            bare.headers,
            bare.caller,
            raw=file.digest,
            now_us=bare.now_us,
            parameters=bare.parameters,
            file=file,
        )
        return await _answer(door, route, call)


async def _answer(door: Door, route: Route, call: Call) -> Answer:
    traced = TRACED.get()
    if traced is not None:
        traced.passed_the_door()
    if b"idempotency-key" in call.headers and route.is_repeatable:
        return await _once(door, route, call)
    return await _handle(door, route, call)


def _sparing(headers: Headers, answer: Answer, now_us: int) -> Answer:
    """The answer to a question in few bytes: none where the caller has it already."""
    if answer.status != 200 or answer.media_type != JSON or isinstance(answer.body, AsyncIterator):
        return answer
    body, more = content(answer), {}
    if "Cache-Control" not in answer.headers:
        more = tagged(body, now_us=now_us)
        if is_known(headers, more["ETag"]):
            return answer._replace(body=b"", status=304, headers=answer.headers | more)
    if secret_of(headers) is None and takes_gzip(headers, body):
        body, more = gzipped(body), more | GZIP
    return answer._replace(body=body, headers=answer.headers | more)


def refused(error: PromosightError) -> Answer:
    """The answer to what cannot be done: a problem document, and what to do about it."""
    status, body = problems.of_error(error)
    return Answer(body, status, problems.MEDIA_TYPE, _hints(error))


def broken(route: Route | None, request_id: str, error: Exception) -> Answer:
    """The answer to a fault of ours, which is logged."""
    where = {} if route is None else {"method": route.method, "route": route.shown}
    said = {**where, "request_id": logged_id(request_id)}
    _log.error("a request failed", exc_info=error, extra=said)
    body = problems.document(500, "internal", "this is our fault; the log says more")
    return Answer(body, 500, problems.MEDIA_TYPE)


def content(answer: Answer) -> bytes:
    """The bytes of an answer that is no stream."""
    return b"" if answer.status == 204 else _bytes(answer.body)


async def _handle(door: Door, route: Route, call: Call) -> Answer:
    if _waits(route.handler):
        answer: Answer = await route.handler(door, call)  # type: ignore[misc]
        return answer
    return await asyncio.to_thread(route.handler, door, call)  # type: ignore[arg-type]


_waits = cache(inspect.iscoroutinefunction)


async def _once(door: Door, route: Route, call: Call) -> Answer:
    """Handles a call under its Idempotency-Key. Raises Conflict while another one is under way under it."""
    key = call.header(b"idempotency-key")
    if not 1 <= len(key) <= 255 or not key.isprintable():
        raise Invalid("must be 1 to 255 printable characters", pointer="/Idempotency-Key")
    url = call.scope["raw_path"].decode(), call.scope["query_string"].decode("latin-1")
    beside = (call.attributes or {}).items()  # a CloudEvent's, which are part of what is sent
    digest = stable_hash(
        *url, call.media_type, *await _compared(door, route, call), *chain(*beside)
    )
    request = Once(call.workspace_no, key, digest, call.now_us)
    if not await asyncio.to_thread(door.store.claims.take, request.name):
        raise Conflict("the first request is still in flight", code="idempotency_in_flight")
    try:
        kept = await asyncio.to_thread(door.store.read, lambda tx: kept_answer(tx, request))
        if kept is not None:
            return Answer(kept.body.encode(), kept.status, _media_type(kept.status), _where(kept))
        return await _for_the_first_time(door, route, call, request)
    finally:
        await asyncio.to_thread(door.store.claims.give, request.name)


async def _for_the_first_time(door: Door, route: Route, call: Call, request: Once) -> Answer:
    """Handles a call, and keeps what it comes to; nothing where that is our fault, so that it may be tried again."""
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
        if (told := to_keep) is not None:
            await asyncio.to_thread(door.store.change, lambda tx: keep(tx, request, told))


async def _compared(door: Door, route: Route, call: Call) -> tuple[str, bytes]:
    """What makes a request the same: what it says, however it was compressed. A file is the same as it came."""
    if call.file is not None:
        return call.encoding, call.raw
    if route.compared is not None:
        return "", await route.compared(door, call)
    return "", await asyncio.to_thread(lambda: call.body) if call.is_encoded else call.raw


def _where(kept: Kept) -> dict[str, str]:
    """Where work goes on that was accepted before: only files are answered so."""
    if kept.status != 202:
        return {}
    return {"Location": f"/v1/imports/{msgspec.json.decode(kept.body)['import_id']}"}


def _media_type(status: int) -> str:
    return JSON if status < 400 else problems.MEDIA_TYPE


def secret_of(headers: Headers) -> str | None:
    """The key that headers bear."""
    given = headers.get(b"authorization")
    if given is not None:
        scheme, _, secret = given.decode("latin-1").partition(" ")
        if scheme.lower() == "bearer":
            return secret.strip()
    given = headers.get(b"x-api-key")
    return None if given is None else given.decode("latin-1")


def _hints(error: PromosightError) -> dict[str, str]:
    """Headers that tell a caller what to do about an error."""
    if isinstance(error, TooMany):
        left = error.left.headers if isinstance(error, RateLimited) else {}
        return {"Retry-After": str(error.retry_after_seconds), **left}
    if isinstance(error, Overloaded | StoreError):
        return {"Retry-After": str(Overloaded.retry_after_seconds)}
    if isinstance(error, TooSlow):
        return {"Connection": "close"}
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": 'Bearer realm="promosight"'}
    return {}


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else _encode(body)


def _response(answer: Answer, request_id: str) -> Response[Any]:
    headers = answer.headers | {"X-Request-Id": request_id}
    if isinstance(answer.body, AsyncIterator):
        return Stream(answer.body, media_type=answer.media_type, headers=headers)
    return Response(
        content(answer), status_code=answer.status, media_type=answer.media_type, headers=headers
    )
