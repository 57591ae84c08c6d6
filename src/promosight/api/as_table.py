"""Every list that comes in pages comes as a CSV file, too: all of it, with `format=csv` or `Accept: text/csv`.

A page after the other is asked of the list's own handler, so the file holds what the pages do. Columns are the fields
of an item; what is nested in them is JSON.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, get_args, get_origin
from urllib.parse import parse_qsl, urlencode

import msgspec

from promosight.api.door.call import Call
from promosight.api.door.door import Answer, Door, Route
from promosight.connectors.tables import Columns, csv_lines, csv_row

_KINDS = {bool: "flag", int: "count", float: "share"}


def tabled(route: Route) -> Route:
    """The same route, which also answers as a table where it is a list that has none yet."""
    item = _item_of(route)
    if item is None or "format" in route.query:
        return route
    name = route.path.rsplit("/", 1)[1]
    return route._replace(
        handler=_answering(route, _columns_of(item), f"{name}.csv"),
        query=(*route.query, "format"),
        media=(*route.media, "text/csv"),
    )


def _item_of(route: Route) -> type | None:
    if route.method != "GET" or not isinstance(route.gives, type):
        return None
    fields = {one.name: one.type for one in msgspec.structs.fields(route.gives)}
    of = fields.get("items")
    return get_args(of)[0] if get_origin(of) is list else None


def _columns_of(item: type) -> Columns:
    return {one.encode_name: _kind_of(one) for one in msgspec.structs.fields(item)}


def _kind_of(field: msgspec.structs.FieldInfo) -> str:
    if field.type == list[str]:
        return "list"
    (of, *more) = [one for one in get_args(field.type) or (field.type,) if one is not type(None)]
    if more or of not in (str, *_KINDS):
        is_word = all(isinstance(one, str) for one in (of, *more))  # a Literal of words
        return "text" if is_word else "json"
    return _KINDS.get(of, "instant" if field.name.endswith("_at") else "text")


def _answering(route: Route, columns: Columns, file: str) -> Any:
    original: Any = route.handler

    async def ask(door: Door, call: Call) -> Answer:
        if iscoroutinefunction(original):
            found: Answer = await original(door, call)
            return found
        return await asyncio.to_thread(original, door, call)

    async def lines(door: Door, call: Call, page: dict[str, Any]) -> AsyncIterator[bytes]:
        yield csv_lines([list(columns)])
        while True:
            yield csv_lines([csv_row(item, columns) for item in page["items"]])
            if page.get("next") is None:
                return
            page = _page(await ask(door, _at(call, page["next"])))

    @wraps(original)
    async def answer(door: Door, call: Call) -> Answer:
        if call.form() == "json":
            return await ask(door, call)
        first = _page(await ask(door, call))
        named = {"Content-Disposition": f'attachment; filename="{file}"'}
        return Answer(lines(door, call, first), media_type="text/csv", headers=named)

    return answer


def _page(answer: Answer) -> dict[str, Any]:
    page: dict[str, Any] = msgspec.to_builtins(answer.body)
    return page


def _at(call: Call, cursor: str) -> Call:
    """The same question, from a cursor on."""
    words = dict(parse_qsl(call.scope["query_string"].decode("latin-1"), keep_blank_values=True))
    asked = urlencode(words | {"cursor": cursor}).encode("latin-1")
    scope = {**call.scope, "query_string": asked}
    return Call(
        *(scope, call.headers, call.caller),
        raw=b"",
        now_us=call.now_us,
        parameters=call.parameters,
    )
