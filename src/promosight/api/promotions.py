"""Promotions: defining, changing, listing with figures, breaking down, and the customers behind a figure."""

from __future__ import annotations

import asyncio
import base64
import csv
import io
import re
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any

import msgspec

from promosight.api.bodies import decoded, identified, unfit
from promosight.api.call import Call
from promosight.api.door import Answer, Door
from promosight.connectors.tables import unformulated
from promosight.errors import Invalid, NotFound, Unreadable, UnsupportedMedia
from promosight.flows.breakdowns import breakdown
from promosight.flows.exports import Member, Place, customers
from promosight.flows.figures import Figures, list_promotions
from promosight.flows.manage_promotions import (
    change_promotion,
    duplicate_promotion,
    load_codes,
    put_promotion,
)
from promosight.flows.patch_promotion import patch_promotion
from promosight.rules.promotions import KINDS, STATUSES, Promotion


def put(door: Door, call: Call) -> Answer:
    """PUT /v1/promotions/{promotion_id}: create or replace."""
    definition = decoded(call.body, Promotion)
    promotion_id = call.path("promotion_id")
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
    try:
        door.store.change(
            lambda tx: patch_promotion(
                tx, call.workspace_no, promotion_id, wanted, now_us=call.now_us
            )
        )
    except msgspec.ValidationError as error:
        raise unfit(error) from None
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
    copy_id = identified(wanted or f"{promotion_id}-copy", "/promotion_id")
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
    codes = _codes(call.body)
    added = door.store.change(
        lambda tx: load_codes(tx, call.workspace_no, call.path("promotion_id"), codes)
    )
    return Answer({"received": len(codes), "added": added}, 201)


def _codes(body: bytes) -> list[str]:
    try:
        rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unreadable(f"the body is no CSV of one column: {error}") from None
    codes = [row[0] for row in rows if row and row[0].strip()]
    if codes and codes[0].strip() in ("code", "promo_code"):
        del codes[0]
    return [identified(code, f"/{index}") for index, code in enumerate(codes)]


def get(door: Door, call: Call) -> Answer:
    """GET /v1/promotions/{promotion_id}."""
    return _one(door, call, call.path("promotion_id"))


def listing(door: Door, call: Call) -> Answer:
    """GET /v1/promotions: filter, sort by any figure, page."""
    is_wanted = _filter(call)
    items = door.store.read(lambda tx: list_promotions(tx, call.workspace_no, now_us=call.now_us))
    chosen = [item for item in items if is_wanted(item)]
    _sort(chosen, call.query("sort") or "promotion_id", call.caller.workspace.currency)
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
    return _csv(
        [[unformulated(value or "") for value in msgspec.structs.astuple(m)] for m in members]
    )


def _csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _accepted(call: Call) -> str:
    return "ndjson" if "ndjson" in call.header(b"accept") else "csv"


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


def _filter(call: Call) -> Callable[[dict[str, Any]], bool]:
    """What `status`, `kind` and `q` let through. Raises Invalid."""
    chosen = {name: _values(call, name, allowed) for name, allowed in _FILTERS.items()}
    q = (call.query("q") or "").casefold()

    def is_wanted(item: dict[str, Any]) -> bool:
        text = f"{item['promotion_id']} {item['name']} {item['code'] or ''}"
        return all(item[n] in values for n, values in chosen.items()) and q in text.casefold()

    return is_wanted


_FILTERS = {"status": STATUSES, "kind": KINDS}


def _values(call: Call, name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """The values of a filter, joined by commas; all there are when it is not given."""
    text = call.query(name)
    values = allowed if text is None else tuple(text.split(","))
    if unknown := set(values) - set(allowed):
        raise Invalid(f"{min(unknown)!r} is none of {', '.join(allowed)}", pointer=f"/{name}")
    return values


_MONEY = ("reward_cost", "order_value", "reward_units")
_SORTABLE = (
    *("promotion_id", "name", "kind", "status", "code", "starts_at", "ends_at"),
    *("created_at", "updated_at"),
    *Figures.__struct_fields__,
)


def _sort(items: list[dict[str, Any]], field: str, currency: str) -> None:
    """Sorts by a figure or a field, descending with `-` before it; what has no value comes last."""
    name = field.removeprefix("-")
    if name not in _SORTABLE:
        raise Invalid("must be one of " + ", ".join(_SORTABLE), pointer="/sort")
    values = {item["promotion_id"]: _value(item, name, currency) for item in items}
    there = [item for item in items if values[item["promotion_id"]] is not None]
    missing = [item for item in items if values[item["promotion_id"]] is None]
    there.sort(key=lambda item: values[item["promotion_id"]], reverse=field.startswith("-"))
    items[:] = there + missing


def _value(item: dict[str, Any], name: str, currency: str) -> Any:
    """What to sort by: money by the workspace's currency and else by its largest amount, usage by its fullest limit."""
    value = item["figures"].get(name, item.get(name))
    if name == "customers":
        return value["assigned"]
    if name == "display":
        return item["figures"]["rate"]
    if name == "usage":
        return max((_share(limit) for limit in value), default=None)
    if name in _MONEY:
        amounts = [Decimal(amount) for amount in value.values()]
        return Decimal(value[currency]) if currency in value else max(amounts, default=None)
    return value


def _share(limit: dict[str, Any]) -> Decimal:
    used = max(Decimal(limit["committed"] or 0), Decimal(limit["redeemed"] or 0))
    whole = Decimal(limit["limit"])
    return used / whole if whole else Decimal(used > 0)


def cursor_at(offset: int) -> str:
    """The opaque cursor of a page that begins at an offset."""
    return base64.urlsafe_b64encode(f"o{offset}".encode()).decode()


def offset_of(cursor: str | None) -> int:
    """Where the page of a cursor begins. Raises Invalid."""
    if cursor is None:
        return 0
    try:
        text = base64.urlsafe_b64decode(cursor.encode()).decode()
        if not re.fullmatch("o[0-9]{1,9}", text):
            raise ValueError
        return int(text.removeprefix("o"))
    except ValueError:
        raise Invalid("is not the `next` of a page", pointer="/cursor") from None
