"""Promotions: defining, changing, listing with figures, breaking down, and the customers behind a figure."""

from __future__ import annotations

import asyncio
import base64
import csv
import io
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import msgspec

from promosight.api.auditing import change_noted
from promosight.api.door.bodies import check_named, converted, decoded, fields_of, identified, unfit
from promosight.api.door.call import Call
from promosight.api.door.door import Answer, Door
from promosight.api.known_then import as_asked
from promosight.connectors.tables import csv_lines, unformulated
from promosight.errors import Invalid, NotFound, Unreadable, UnsupportedMedia
from promosight.flows.auditing.as_it_stands import the_promotion
from promosight.flows.figures.bars import Bar
from promosight.flows.figures.breakdowns import DIMENSIONS, Breakdown, breakdown
from promosight.flows.figures.code_lines import CodePage
from promosight.flows.figures.exports import Member, Place, customers
from promosight.flows.figures.funnel import funnel
from promosight.flows.figures.maturing import maturity
from promosight.flows.figures.of_promotions import list_promotions, promotions_in
from promosight.flows.figures.promotion_return import HORIZON_DAYS, promotion_return
from promosight.flows.figures.told_then import funnel_then, maturity_then, one_then, return_then
from promosight.flows.figures.usage_over_time import usage_over_time
from promosight.flows.ledger.ahead import Ahead, changed_ahead
from promosight.flows.promotions.manage_promotions import (
    change_ahead,
    change_promotion,
    duplicate_promotion,
    load_codes,
    put_ahead,
    put_promotion,
)
from promosight.flows.promotions.patch_promotion import patch_ahead, patch_promotion
from promosight.rules.likeness import folded
from promosight.rules.outcomes import MEASURES
from promosight.rules.promotions import SHOWN_ONLY, Promotion
from promosight.store.tx import Tx

R = TypeVar("R")
_HEADERS = {
    f"{what}{code}" for what in ("", "promo", "coupon", "voucher") for code in ("code", "codes")
}
"""What a spreadsheet writes above a column of codes, folded: a header, and nobody's code."""


def put(door: Door, call: Call) -> Answer:
    """PUT /v1/promotions/{promotion_id}: create or replace."""
    wanted = _wanted(call)
    definition = converted(wanted, Promotion)
    promotion_id = call.path("promotion_id")
    named, said = (call.workspace_no, promotion_id), (call.now_us, "status" in wanted)
    _, created = _noted_ahead(
        *(door, call, "put", promotion_id),
        lambda tx: put_ahead(tx, *named, definition, now_us=said[0], says_status=said[1]),
        lambda tx, ahead: put_promotion(
            tx, *named, definition, now_us=said[0], says_status=said[1], ahead=ahead
        ),
    )
    return _one(door, call, promotion_id, status=201 if created else 200)


def patch(door: Door, call: Call) -> Answer:
    """PATCH /v1/promotions/{promotion_id}: an RFC 7396 merge patch."""
    promotion_id = call.path("promotion_id")
    wanted = _wanted(call)
    named = call.workspace_no, promotion_id
    try:
        _noted_ahead(
            *(door, call, "patch", promotion_id),
            lambda tx: patch_ahead(tx, *named, wanted, now_us=call.now_us),
            lambda tx, ahead: patch_promotion(tx, *named, wanted, now_us=call.now_us, ahead=ahead),
        )
    except msgspec.ValidationError as error:
        raise unfit(error) from None
    return _one(door, call, promotion_id)


def _wanted(call: Call) -> dict[str, Any]:
    wanted = fields_of(call.body, Promotion, own="properties", besides=SHOWN_ONLY)
    check_named(wanted, "promotion_id", call.path("promotion_id"))
    return wanted


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
    _noted(
        door,
        call,
        "duplicate",
        copy_id,
        lambda tx: duplicate_promotion(
            tx, call.workspace_no, promotion_id, copy_id, now_us=call.now_us
        ),
    )
    return _one(door, call, copy_id, status=201)


def add_codes(door: Door, call: Call) -> Answer:
    """POST /v1/promotions/{promotion_id}/codes: a pool of personal codes, CSV of one column."""
    if call.media_type != "text/csv":
        raise UnsupportedMedia("send text/csv with one code in each line")
    codes = _codes(call.body)
    added = door.store.change(
        lambda tx: load_codes(
            tx, call.workspace_no, call.path("promotion_id"), codes, now_us=call.now_us
        )
    )
    return Answer({"received": len(codes), "added": added}, 201)


def _codes(body: bytes) -> list[str]:
    try:
        rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unreadable(f"the body is no CSV of one column: {error}") from None
    for index, row in enumerate(rows):
        if any(cell.strip() for cell in row[1:]):
            raise Invalid("has several columns; send one code in each line", pointer=f"/{index}")
    codes = [row[0] for row in rows if row and row[0].strip()]
    if codes and folded(codes[0]) in _HEADERS:
        del codes[0]
    return [identified(code, f"/{index}") for index, code in enumerate(codes)]


async def get(door: Door, call: Call) -> Answer:
    """GET /v1/promotions/{promotion_id}."""
    promotion_id, number = call.path("promotion_id"), call.workspace_no

    def then(tx: Tx, as_of_us: int) -> list[dict[str, Any]]:
        view, _ = one_then(tx, number, promotion_id, as_of_us, now_us=call.now_us)
        return promotions_in(view, {promotion_id})

    def now(tx: Tx) -> list[dict[str, Any]]:
        return list_promotions(tx, number, now_us=call.now_us, ids={promotion_id})

    return _first(await as_asked(door, call, now, then), promotion_id)


async def break_down(door: Door, call: Call) -> Answer:
    """GET /v1/promotions/{promotion_id}/breakdown."""
    by, date = call.query("by") or "tier", call.query("date") or "assigned"
    page = _code_page(call, by)

    def find(tx: Tx, as_of_us: int | None = None) -> Breakdown:
        return breakdown(
            *(tx, call.workspace_no, call.path("promotion_id"), by),
            date=date,
            page=page,
            as_of_us=as_of_us,
            now_us=call.now_us,
        )

    parts = await as_asked(door, call, find, find)
    if parts.next_code is not None:
        parts.next_code = base64.urlsafe_b64encode(f"c{parts.next_code}".encode()).decode()
    return Answer(parts)


def _code_page(call: Call, by: str) -> CodePage:
    """The page of codes that is asked for. Raises Invalid."""
    cursor = call.query("cursor")
    if by != "code" and by in DIMENSIONS:
        for name in ("limit", "cursor"):
            if call.query(name) is not None:
                why = (
                    f"is for by=code alone: rows by {by} come all at once, and add up to the total"
                )
                raise Invalid(why, pointer=f"/{name}")
    limit = call.limit(default=1_000)
    if cursor is None:
        return CodePage("", limit)
    try:
        text = base64.urlsafe_b64decode(cursor.encode()).decode()
    except ValueError:
        text = ""
    if not text.startswith("c") or not text.isprintable():
        raise Invalid("is not the `next` of a page", pointer="/cursor")
    return CodePage(text.removeprefix("c"), limit)


async def _told(door: Door, call: Call, now: Callable[..., R], then: Callable[..., R]) -> Answer:
    """What is told of one promotion: now, or with `as_of` as it was known then."""
    asked, now_us = (call.workspace_no, call.path("promotion_id")), call.now_us
    found = await as_asked(
        *(door, call),
        lambda tx: now(tx, *asked, now_us=now_us),
        lambda tx, as_of_us: then(tx, *asked, as_of_us, now_us=now_us),
    )
    return Answer(found)


async def show_funnel(door: Door, call: Call) -> Answer:
    """GET /v1/promotions/{promotion_id}/funnel."""
    return await _told(door, call, funnel, funnel_then)


async def show_usage(door: Door, call: Call) -> Answer:
    """GET /v1/promotions/{promotion_id}/usage."""
    return await _told(door, call, usage_over_time, usage_over_time)


async def show_return(door: Door, call: Call) -> Answer:
    """GET /v1/promotions/{promotion_id}/return."""
    promotion_id = call.path("promotion_id")
    measure = call.query("measure") or MEASURES[0]
    if measure not in MEASURES:
        raise Invalid(f"must be one of {', '.join(MEASURES)}", pointer="/measure")
    days = call.whole("horizon_days", 1, 366) or HORIZON_DAYS
    asked, now_us = (call.workspace_no, promotion_id, measure, days), call.now_us
    found = await as_asked(
        *(door, call),
        lambda tx: promotion_return(tx, *asked, now_us=now_us),
        lambda tx, as_of_us: return_then(tx, *asked, as_of_us, now_us=now_us),
    )
    return Answer(found)


async def show_maturity(door: Door, call: Call) -> Answer:
    """GET /v1/promotions/{promotion_id}/maturity."""
    return await _told(door, call, maturity, maturity_then)


async def export_customers(door: Door, call: Call) -> Answer:
    """GET /v1/promotions/{promotion_id}/customers: an audience, or those behind one bar, as CSV or NDJSON."""
    form = call.query("format") or _accepted(call)
    if form not in ("csv", "ndjson"):
        raise Invalid("must be csv or ndjson", pointer="/format")
    audience = _audience(call)
    first = await _page(door, call, audience, Place())
    media_type = "text/csv" if form == "csv" else "application/x-ndjson"
    return Answer(_lines(door, call, audience, first, form), media_type=media_type)


Audience = tuple[str, Bar | None]
"""A status, and the bar behind which to look."""
Paged = tuple[list[Member], Place | None]


def _audience(call: Call) -> Audience:
    by, key, date = call.query("by"), call.identifier("key"), call.query("date") or "assigned"
    status = call.query("status")
    if by is None:
        for name in ("key", "date"):
            if call.query(name) is not None:
                raise Invalid("is for the bars of a breakdown: give by, too", pointer=f"/{name}")
        return status or "assigned", None
    return status or ("redeemed" if date == "redeemed" else "assigned"), Bar(by, key, date)


async def _page(door: Door, call: Call, audience: Audience, place: Place) -> Paged:
    promotion_id = call.path("promotion_id")
    status, bar = audience
    return await asyncio.to_thread(
        door.store.read,
        lambda tx: customers(
            tx, call.workspace_no, promotion_id, status, bar=bar, place=place, now_us=call.now_us
        ),
    )


async def _lines(
    door: Door, call: Call, audience: Audience, first: Paged, form: str
) -> AsyncIterator[bytes]:
    members, place = first
    if form == "csv":
        yield csv_lines([list(Member.__struct_fields__)])
    while True:
        if members:
            yield _encoded(members, form)
        if place is None:
            return
        members, place = await _page(door, call, audience, place)


def _encoded(members: list[Member], form: str) -> bytes:
    if form == "ndjson":
        return msgspec.json.Encoder().encode_lines(members)
    return csv_lines(
        [[unformulated(value or "") for value in msgspec.structs.astuple(m)] for m in members]
    )


def _accepted(call: Call) -> str:
    return "ndjson" if "ndjson" in call.header(b"accept") else "csv"


def _change(door: Door, call: Call, change: str) -> Answer:
    promotion_id = call.path("promotion_id")
    said = (call.workspace_no, promotion_id, change)
    _noted_ahead(
        *(door, call, change, promotion_id),
        lambda tx: change_ahead(tx, *said, now_us=call.now_us),
        lambda tx, ahead: change_promotion(tx, *said, now_us=call.now_us, ahead=ahead),
    )
    return _one(door, call, promotion_id)


def _noted(door: Door, call: Call, action: str, promotion_id: str, make: Callable[[Tx], R]) -> R:
    look = the_promotion(call.workspace_no, promotion_id)
    return change_noted(door, call, f"promotion.{action}", promotion_id, look, make)


def _noted_ahead(
    door: Door,
    call: Call,
    action: str,
    promotion_id: str,
    prepare: Callable[[Tx], Ahead | None],
    make: Callable[[Tx, Ahead | None], R],
) -> R:
    return changed_ahead(
        door.store,
        prepare,
        lambda ahead: _noted(door, call, action, promotion_id, lambda tx: make(tx, ahead)),
    )


def _one(door: Door, call: Call, promotion_id: str, *, status: int = 200) -> Answer:
    items = door.store.read(
        lambda tx: list_promotions(tx, call.workspace_no, now_us=call.now_us, ids={promotion_id})
    )
    return _first(items, promotion_id, status)


def _first(items: list[dict[str, Any]], promotion_id: str, status: int = 200) -> Answer:
    if not items:
        raise NotFound(f"there is no promotion {promotion_id}")
    return Answer(items[0], status)
