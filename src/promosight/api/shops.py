"""Shops over HTTP: which source is one, where it sends to, its secret, and how its messages are read."""

from __future__ import annotations

import msgspec

from promosight.api.auditing import change_noted
from promosight.api.door.bodies import decoded
from promosight.api.door.call import Call
from promosight.api.door.cursors import page_of
from promosight.api.door.door import Answer, Door
from promosight.connectors import shopify, stripe
from promosight.errors import Invalid
from promosight.flows.auditing.as_it_stands import the_shop
from promosight.flows.set_up import shops
from promosight.flows.set_up.shops import Shop, describe_shop
from promosight.rules.shop_signatures import SHOPIFY, STRIPE
from promosight.store.tx import Tx

_ID_BYTES = 24
_LONGEST_PLACE = 100
_OF_SECRETS = ("has_secret", "former_secret_until")
"""What is shown of a shop's secrets: a change may come with it."""


class NewShop(msgspec.Struct):
    """A source that is a shop. The customer is the shop's own id of them, and of Stripe the code its coupon, unless it
    is said otherwise."""

    source: str
    kind: str
    customer_from: str | None = None
    code_from: str | None = None


class ShopChange(msgspec.Struct):
    """What is to be otherwise. A secret replaces the one before, which is good for 24 more hours."""

    secret: str | None = None
    customer_from: str | None = None
    code_from: str | None = None


def listing(door: Door, call: Call) -> Answer:
    """GET /v1/shops."""
    found = door.store.read(lambda tx: shops.list_shops(tx, call.workspace_no))
    items = [describe_shop(one, now_us=call.now_us) for one in found]
    return Answer(page_of(call, items, "shop_id"))


def show(door: Door, call: Call) -> Answer:
    """GET /v1/shops/{shop_id}."""
    named = call.path("shop_id")
    found = door.store.read(lambda tx: shops.find_shop(tx, call.workspace_no, named))
    return Answer(describe_shop(found, now_us=call.now_us))


def create(door: Door, call: Call) -> Answer:
    """POST /v1/shops: the answer says where the shop sends to. Its secret follows, once the shop has shown it."""
    body, named = decoded(call.body, NewShop), f"shop_{door.fresh(_ID_BYTES)}"
    reads = (body.kind, *_places(body.kind, body.customer_from, body.code_from))
    made = change_noted(
        *(door, call, "shop.create", named, the_shop(call.workspace_no, named)),
        lambda tx: shops.create_shop(
            tx, call.workspace_no, named, body.source.strip(), reads, now_us=call.now_us
        ),
    )
    return Answer(describe_shop(made, now_us=call.now_us), 201)


def change(door: Door, call: Call) -> Answer:
    """PATCH /v1/shops/{shop_id}: its secret is set here and shown by nobody."""
    body, named = decoded(call.body, ShopChange, besides=_OF_SECRETS), call.path("shop_id")

    def make(tx: Tx) -> Shop:
        before = shops.find_shop(tx, call.workspace_no, named)
        customer_from, code_from = _places(
            before.kind,
            body.customer_from or before.customer_from,
            body.code_from or before.code_from or None,
        )
        secret = None if body.secret is None else body.secret.strip()
        return shops.change_shop(
            tx,
            before,
            customer_from=customer_from,
            code_from=code_from,
            secret=secret,
            now_us=call.now_us,
        )

    look = the_shop(call.workspace_no, named)
    changed = change_noted(door, call, "shop.change", named, look, make)
    return Answer(describe_shop(changed, now_us=call.now_us))


def remove(door: Door, call: Call) -> Answer:
    """DELETE /v1/shops/{shop_id}: what it reported stays."""
    named = call.path("shop_id")
    change_noted(
        *(door, call, "shop.delete", named, the_shop(call.workspace_no, named)),
        lambda tx: shops.remove_shop(tx, call.workspace_no, named),
    )
    return Answer(status=204)


def _places(kind: str, customer_from: str | None, code_from: str | None) -> tuple[str, str]:
    """Where customer and code stand, as wanted or as usual. Raises Invalid."""
    if kind == STRIPE:
        customer, code = customer_from or stripe.CUSTOMER, code_from or stripe.COUPON
        known = (stripe.CUSTOMER, stripe.REFERENCE, f"{stripe.METADATA}NAME", stripe.EMAIL)
        _check(stripe.is_place_of_customer(customer), customer, known)
        if code not in stripe.CODES_FROM:
            raise Invalid("must be one of " + ", ".join(stripe.CODES_FROM), pointer="/code_from")
        return customer, code
    if kind == SHOPIFY and code_from is not None:
        raise Invalid("is for Stripe; Shopify tells codes as they are", pointer="/code_from")
    customer = customer_from or shopify.CUSTOMER_ID
    places = (shopify.CUSTOMER_ID, f"{shopify.NOTE}NAME", shopify.EMAIL)
    _check(kind != SHOPIFY or shopify.is_place_of_customer(customer), customer, places)
    return customer, ""


def _check(is_known: bool, place: str, known: tuple[str, ...]) -> None:
    if not is_known or len(place) > _LONGEST_PLACE or not place.isprintable():
        raise Invalid("must be one of " + ", ".join(known), pointer="/customer_from")
