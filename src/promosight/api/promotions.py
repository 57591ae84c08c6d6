"""Promotions: defining, changing, listing with figures, breaking down, and the customers behind a figure."""

from __future__ import annotations

import asyncio
import base64
import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from promosight.api.bodies import converted, decoded
from promosight.api.door import Answer, Call, Door
from promosight.errors import Invalid, NotFound, UnsupportedMedia
from promosight.flows.breakdowns import breakdown
from promosight.flows.exports import Member, Place, customers
from promosight.flows.figures import list_promotions
from promosight.flows.manage_promotions import (
    change_promotion,
    defined,
    duplicate_promotion,
    load_codes,
    put_promotion,
)
from promosight.rules.facts import MAX_ID_LENGTH
from promosight.rules.promotions import KINDS, STATUSES, Promotion
from promosight.store.tx import Tx


def put(door: Door, call: Call) -> Answer:
    """PUT /v1/promotions/{promotion_id}: create or replace."""
    definition = decoded(call.body, Promotion)
    promotion_id = _new_id(call.path("promotion_id"), "/promotion_id")
    _, created = door.store.change(
        lambda tx: put_promotion(
            tx, call.workspace_no, promotion_id, definition, now_us=call.now_us
        )
    )
    return _one(door, call, promotion_id, status=201 if created else 200)


def patch(door: Door, call: Call) -> Answer:
    """PATCH /v1/promotions/{promotion_id}: an RFC 7396 merge patch."""
    promotion_id = call.path("promotion_id")
    wanted = decoded(call.body, dict[str, Any])

    def change(tx: Tx) -> None:
        now = msgspec.to_builtins(defined(tx, call.workspace_no, promotion_id))
        merged = converted(_merged(now, wanted), Promotion)
        put_promotion(tx, call.workspace_no, promotion_id, merged, now_us=call.now_us)

    door.store.change(change)
    return _one(door, call, promotion_id)


def activate(door: Door, call: Call) -> Answer:
    """POST /v1/promotions/{promotion_id}/activate."""
    return _change(door, call, "activate")


def deactivate(door: Door, call: Call) -> Answer:
    """POST /v1/promotions/{promotion_id}/deactivate."""
    return _change(door, call, "deactivate")


def archive(door: Door, call: Call) -> Answer:
    """POST /v1/promotions/{promotion_id}/archive."""
    return _change(door, call, "archive")


class Copy(msgspec.Struct):
    """What a duplicate shall be called; default: the original's id and `-copy`."""

    promotion_id: str | None = None


def duplicate(door: Door, call: Call) -> Answer:
    """POST /v1/promotions/{promotion_id}/duplicate."""
    promotion_id = call.path("promotion_id")
    wanted = decoded(call.body, Copy).promotion_id
    copy_id = _new_id(wanted or f"{promotion_id}-copy", "/promotion_id")
    door.store.change(
        lambda tx: duplicate_promotion(
            tx, call.workspace_no, promotion_id, copy_id, now_us=call.now_us
        )
    )
    return _one(door, call, copy_id, status=201)


def add_codes(door: Door, call: Call) -> Answer:
    """POST /v1/promotions/{promotion_id}/codes: a pool of personal codes, CSV of one column."""
    if call.media_type != "text/csv":
        raise UnsupportedMedia("send text/csv with one code in each line")
    rows = csv.reader(io.StringIO(call.body.decode("utf-8-sig", errors="replace")))
    codes = [row[0].strip() for row in rows if row and row[0].strip()]
    if codes and codes[0] in ("code", "promo_code"):
        del codes[0]
    if any(len(code) > MAX_ID_LENGTH or not code.isprintable() for code in codes):
        raise Invalid("every code must be 1 to 255 printable characters", pointer="/codes")
    added = door.store.change(
        lambda tx: load_codes(tx, call.workspace_no, call.path("promotion_id"), codes)
    )
    return Answer({"received": len(codes), "added": added}, 201)


def get(door: Door, call: Call) -> Answer:
    """GET /v1/promotions/{promotion_id}."""
    return _one(door, call, call.path("promotion_id"))


def listing(door: Door, call: Call) -> Answer:
    """GET /v1/promotions: filter, sort by any figure, page."""
    items = door.store.read(lambda tx: list_promotions(tx, call.workspace_no, now_us=call.now_us))
    chosen = [item for item in items if _is_wanted(item, call)]
    _sort(chosen, call.query("sort") or "promotion_id")
    start = offset_of(call.query("cursor"))
    end = start + call.limit()
    return Answer(
        {"items": chosen[start:end], "next": cursor_at(end) if end < len(chosen) else None}
    )


def break_down(door: Door, call: Call) -> Answer:
    """GET /v1/promotions/{promotion_id}/breakdown."""
    if call.query("as_of") is not None:
        raise Invalid("as_of is not served yet", pointer="/as_of")
    by, date = call.query("by") or "tier", call.query("date") or "assigned"
    parts = door.store.read(
        lambda tx: breakdown(tx, call.workspace_no, call.path("promotion_id"), by, date=date)
    )
    return Answer(parts)


async def export_customers(door: Door, call: Call) -> Answer:
    """GET /v1/promotions/{promotion_id}/customers: an audience, as CSV or NDJSON."""
    form = call.query("format") or _accepted(call)
    if form not in ("csv", "ndjson"):
        raise Invalid("must be csv or ndjson", pointer="/format")
    status = call.query("status") or "assigned"
    first = await _page(door, call, status, Place())
    media_type = "text/csv; charset=utf-8" if form == "csv" else "application/x-ndjson"
    return Answer(_lines(door, call, status, first, form), media_type=media_type)


Paged = tuple[list[Member], Place | None]


async def _page(door: Door, call: Call, status: str, place: Place) -> Paged:
    promotion_id = call.path("promotion_id")
    return await asyncio.to_thread(
        door.store.read,
        lambda tx: customers(
            tx, call.workspace_no, promotion_id, status, place=place, now_us=call.now_us
        ),
    )


async def _lines(
    door: Door, call: Call, status: str, first: Paged, form: str
) -> AsyncIterator[bytes]:
    members, place = first
    if form == "csv":
        yield _csv([list(Member.__struct_fields__)])
    while True:
        if members:
            yield _encoded(members, form)
        if place is None:
            return
        members, place = await _page(door, call, status, place)


def _encoded(members: list[Member], form: str) -> bytes:
    if form == "ndjson":
        return msgspec.json.Encoder().encode_lines(members)
    return _csv([[_safe(value) for value in msgspec.structs.astuple(m)] for m in members])


def _csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _safe(value: str | None) -> str:
    """A cell no spreadsheet takes for a formula."""
    text = value or ""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _accepted(call: Call) -> str:
    return "ndjson" if "ndjson" in call.request.headers.get("accept", "") else "csv"


def _change(door: Door, call: Call, change: str) -> Answer:
    promotion_id = call.path("promotion_id")
    door.store.change(
        lambda tx: change_promotion(tx, call.workspace_no, promotion_id, change, now_us=call.now_us)
    )
    return _one(door, call, promotion_id)


def _one(door: Door, call: Call, promotion_id: str, *, status: int = 200) -> Answer:
    items = door.store.read(
        lambda tx: list_promotions(tx, call.workspace_no, now_us=call.now_us, ids={promotion_id})
    )
    if not items:
        raise NotFound(f"there is no promotion {promotion_id}")
    return Answer(items[0], status)


def _new_id(promotion_id: str, pointer: str) -> str:
    trimmed = promotion_id.strip()
    if not 1 <= len(trimmed) <= MAX_ID_LENGTH or not trimmed.isprintable():
        raise Invalid("must be 1 to 255 printable characters", pointer=pointer)
    return trimmed


def _merged(now: Any, wanted: Any) -> Any:
    if not isinstance(wanted, dict):
        return wanted
    merged = dict(now) if isinstance(now, dict) else {}
    for name, value in wanted.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value)
    return merged


def _is_wanted(item: dict[str, Any], call: Call) -> bool:
    for name, allowed in (("status", STATUSES), ("kind", KINDS)):
        if (text := call.query(name)) is not None:
            values = text.split(",")
            if unknown := set(values) - set(allowed):
                raise Invalid(f"{min(unknown)} is none of {', '.join(allowed)}", pointer=f"/{name}")
            if item[name] not in values:
                return False
    wanted = (call.query("q") or "").casefold()
    text = f"{item['promotion_id']} {item['name']} {item['code'] or ''}"
    return wanted in text.casefold()


def _sort(items: list[dict[str, Any]], field: str) -> None:
    """Sorts by a figure or a field, descending with `-` before it; what has no value comes last."""
    down = field.startswith("-")
    name = field.removeprefix("-")
    if items and name not in items[0] and name not in items[0]["figures"]:
        raise Invalid(f"there is no {name} to sort by", pointer="/sort")
    there = [item for item in items if _value(item, name) is not None]
    missing = [item for item in items if _value(item, name) is None]
    there.sort(key=lambda item: _value(item, name), reverse=down)
    items[:] = there + missing


def _value(item: dict[str, Any], name: str) -> Any:
    value = item["figures"].get(name, item.get(name))
    if name == "customers":
        return value["assigned"]
    if isinstance(value, dict):
        return sum((float(v) for v in value.values()), 0.0) if name != "properties" else None
    return str(value) if isinstance(value, list) else value


def cursor_at(offset: int) -> str:
    """The opaque cursor of a page that begins at an offset."""
    return base64.urlsafe_b64encode(f"o{offset}".encode()).decode()


def offset_of(cursor: str | None) -> int:
    """Where the page of a cursor begins. Raises Invalid."""
    if cursor is None:
        return 0
    try:
        text = base64.urlsafe_b64decode(cursor.encode()).decode()
        return int(text.removeprefix("o"))
    except ValueError:
        raise Invalid("is not the `next` of a page", pointer="/cursor") from None
