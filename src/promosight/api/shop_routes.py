"""Routes of shops: setting them up, and the address that each sends to."""

from __future__ import annotations

from promosight.api import from_shops, shop_wire, shops
from promosight.api.door.door import Route
from promosight.connectors.shopify import ShopifyOrder
from promosight.connectors.stripe import StripeEvent
from promosight.flows.set_up.users import INTEGRATIONS

_SET_UP = f"admin {INTEGRATIONS}"
_S = "/v1/shops/{shop_id:str}"

SHOP_ROUTES = (
    Route(
        "GET",
        "/v1/shops",
        shops.listing,
        _SET_UP,
        "The sources that are shops, without their secrets",
        gives=shop_wire.ShopPage,
        query=("limit", "cursor"),
    ),
    Route(
        "POST",
        "/v1/shops",
        shops.create,
        _SET_UP,
        "Have a source be a shop (Shopify, Stripe), and learn where it sends to",
        shops.NewShop,
        gives=shop_wire.ShopAnswer,
        status=201,
    ),
    Route("GET", _S, shops.show, _SET_UP, "One shop", gives=shop_wire.ShopAnswer),
    Route(
        "PATCH",
        _S,
        shops.change,
        _SET_UP,
        "Set a shop's secret, or how its messages are read; the secret before is good for 24 more hours",
        shops.ShopChange,
        gives=shop_wire.ShopAnswer,
    ),
    Route("DELETE", _S, shops.remove, _SET_UP, "Take nothing more from a shop", status=204),
    Route(
        "POST",
        f"{_S}/messages",
        from_shops.take,
        "",
        "Where a shop sends its webhooks: orders of Shopify, checkouts and refunds of Stripe",
        (ShopifyOrder, StripeEvent),
        gives=shop_wire.ShopReportAnswer,
        reports=True,
        signed=True,
    ),
)
