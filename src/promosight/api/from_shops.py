"""What shops send: known by its signature, read in the shop's form, and reported as everything is.

A shop sends again whatever is not answered with 200, for days. So that is the answer to all that was signed, also to
what is refused (which is kept among the problems) or left alone; to send again helps only where a secret is wrong or
missing, or where there is too much to do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from promosight.api.door.call import Call
from promosight.api.door.door import Answer, Door
from promosight.api.receipts import several
from promosight.connectors import shopify, stripe
from promosight.connectors.reading import Reading
from promosight.connectors.shop_messages import PASSED_OVER, PassedOver, Settings
from promosight.errors import Unauthenticated, Unreadable
from promosight.flows.reporting.intake import Delivery, Item, Receipt
from promosight.flows.reporting.rejecting import Refused
from promosight.flows.reporting.report import report
from promosight.flows.set_up.shops import Shop, note_payments, notes_of, shop_of_address
from promosight.rules.facts import Rejection
from promosight.rules.instants import SECOND_US
from promosight.rules.shop_signatures import HEADERS, SHOPIFY, fault_of
from promosight.store.catalogue import Workspace, load
from promosight.store.rows import Arrival
from promosight.store.tx import Tx

BAD_SIGNATURE = "bad_signature"
_TOPIC, _IS_TEST = b"x-shopify-topic", b"x-shopify-test"
_HEARD_EVERY_US = SECOND_US
_note = msgspec.json.Decoder(stripe.AnyNote).decode
_NAMED_NOTHING = "a message"


class _Named(msgspec.Struct):
    type: str = ""


async def take(door: Door, call: Call) -> Answer:
    """POST /v1/shops/{shop_id}/messages."""
    named = call.path("shop_id")
    shop, workspace = await asyncio.to_thread(door.store.read, lambda tx: _found(tx, named))
    left = door.allowance.spend(f"shop {shop.shop_id}", now_us=call.now_us)
    await _check_signature(door, call, shop)
    answer = await _taken(door, call, shop, workspace)
    return answer if left is None else answer._replace(headers=answer.headers | left.headers)


def _found(tx: Tx, shop_id: str) -> tuple[Shop, Workspace]:
    shop = shop_of_address(tx, shop_id)
    return shop, load(tx, shop.workspace_no).workspace


async def _check_signature(door: Door, call: Call, shop: Shop) -> None:
    """Raises Unauthenticated; whoever sets the shop up is shown that."""
    secrets = shop.secrets(call.now_us)
    header, now_s = call.header(HEADERS[shop.kind]), call.now_us // SECOND_US
    why = "no secret is set for this shop yet"
    if secrets:
        why = fault_of(shop.kind, secrets, call.raw, header, now_s=now_s) or ""
    if why:
        await _hear(door, call, shop, "refused", BAD_SIGNATURE)
        raise Unauthenticated(why, code=BAD_SIGNATURE)


async def _taken(door: Door, call: Call, shop: Shop, workspace: Workspace) -> Answer:
    reading = Reading(call.now_us, workspace.tracking_from_us)
    try:
        told = _told(call, shop, bool(workspace.sandbox), reading)
    except Unreadable as error:
        told = stripe.Taken([_unreadable(call, shop, error)])
    if isinstance(told, PassedOver):
        return await _passed_over(door, call, shop, told.reason)
    receipts = await _reported(door, call, shop, told.items)
    if told.notes:
        receipts += await _settled(door, call, shop, told, reading)
    if not receipts:
        return await _passed_over(door, call, shop, "no_code_yet")
    await _hear(door, call, shop, receipts[0].outcome, receipts[0].reason)
    return Answer(several(receipts, everything=True))


async def _passed_over(door: Door, call: Call, shop: Shop, reason: str) -> Answer:
    await _hear(door, call, shop, "ignored", reason)
    said = {"reason": reason, "detail": PASSED_OVER[reason]}
    return Answer(several([], everything=False) | {"passed_over": said})


def _told(call: Call, shop: Shop, is_sandbox: bool, reading: Reading) -> stripe.Taken | PassedOver:
    settings = Settings(shop.customer_from, shop.code_from, is_sandbox)
    if shop.kind != SHOPIFY:
        return stripe.taken(call.body, settings, reading)
    is_test = call.header(_IS_TEST).strip().lower() == "true"
    found = shopify.taken(call.body, _event_of(call, shop), settings, reading, is_test=is_test)
    return found if isinstance(found, PassedOver) else stripe.Taken(found)


async def _settled(
    door: Door, call: Call, shop: Shop, told: stripe.Taken, reading: Reading
) -> list[Receipt]:
    """Notes what a message says of its payments, and reports what follows from all that is said of them.

    Each side is on the disk before the other is looked for, so that of two that come at once one finds the other.
    Where this is broken off the shop has no answer and sends again.
    """
    now_us = call.now_us
    found = await _noted(door, shop, told.payments, told.notes, now_us)
    for notes in list(found):
        payments, used = stripe.carried_on(notes)
        if payments:
            found += await _noted(door, shop, payments, used, now_us)
    return await _reported(door, call, shop, stripe.reversals_of(found, reading))


async def _noted(
    door: Door, shop: Shop, payments: Sequence[str], notes: Sequence[stripe.AnyNote], now_us: int
) -> list[list[stripe.AnyNote]]:
    """Notes these under each of the payments, and gives all notes of each."""
    number = shop.shop_no
    rows = [(note.name, msgspec.json.encode(note).decode()) for note in notes]
    await asyncio.to_thread(
        door.store.change, lambda tx: note_payments(tx, number, payments, rows, now_us=now_us)
    )
    found = await asyncio.to_thread(door.store.read, lambda tx: notes_of(tx, number, payments))
    return [[_note(one) for one in said] for said in found]


async def _reported(door: Door, call: Call, shop: Shop, items: Sequence[Item]) -> list[Receipt]:
    if not items:
        return []
    arrival = Arrival(shop.workspace_no, shop.source_no, 0, call.now_us)
    loop, delivery = asyncio.get_running_loop(), Delivery(arrival, items)
    receipts = [
        *await door.store.submit_from(loop, report, delivery, weight=len(items), still=call.still)
    ]
    counts = several(receipts, everything=False)["outcomes"]
    door.metrics.reported("redemptions", counts)
    return receipts


def _unreadable(call: Call, shop: Shop, error: Unreadable) -> Refused:
    """The refusal of a message that is none of the shop's forms. What it says is not kept: it may name anybody."""
    said = {"shop": shop.kind, "event": _event_of(call, shop)}
    why = Rejection("invalid", "", error.detail)
    return Refused(why, "redemptions", None, msgspec.json.encode(said).decode())


def _event_of(call: Call, shop: Shop) -> str:
    """What kind of message it is, as the shop calls it."""
    if shop.kind == SHOPIFY:
        return call.header(_TOPIC).strip()[:100]
    try:
        return msgspec.json.decode(call.body, type=_Named).type[:100]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, Unreadable):
        return ""


async def _hear(door: Door, call: Call, shop: Shop, outcome: str, reason: str | None) -> None:
    """Keeps what the last message was and came to; not more often than anybody looks."""
    since_us = call.now_us - (shop.last_us or 0)
    same = (shop.last_outcome, shop.last_reason) == (outcome, reason)
    if same and 0 <= since_us < _HEARD_EVERY_US:
        return
    # What is not signed is not read.
    is_read = outcome != "refused" or shop.kind == SHOPIFY
    event = _event_of(call, shop) if is_read else ""
    printable = event if event.isprintable() else ""
    await asyncio.to_thread(
        door.store.change,
        lambda tx: tx.run(
            "hear_shop",
            shop_no=shop.shop_no,
            now_us=call.now_us,
            event=printable or _NAMED_NOTHING,
            outcome=outcome,
            reason=reason,
        ),
    )
