"""Shops over HTTP, on both stores: set up by people, known by their signatures, counted once in any order (P22)."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import msgspec
import pytest

from promosight.api.examples import EXAMPLES
from promosight.api.shop_wire import ShopReportAnswer
from promosight.connectors.shopify import ShopifyOrder
from promosight.connectors.stripe import StripeEvent
from promosight.rules.shop_signatures import shopify_signature, stripe_signature
from tests.api.server import client_of, figures, new_workspace, promotion
from tests.connectors.test_shopify import ORDER, refund
from tests.connectors.test_stripe import CHARGE, SESSION, message

SECRET = "shpss_0123456789abcdef"
NOW_S = int(time.time())
Sent = tuple[str, Any]
"""The topic of a message of Shopify, or "" of Stripe's, and the message."""


def shop(client: httpx.Client, kind: str, secret: str | None = SECRET, **more: Any) -> str:
    """The path of a new shop, a source of its own."""
    source = f"{kind} {len(client.get('/v1/shops').json()['items'])}"
    assert client.post("/v1/sources", json={"name": source}).status_code == 201
    made = client.post("/v1/shops", json={"source": source, "kind": kind, **more})
    assert made.status_code == 201, made.text
    if secret is not None:
        changed = client.patch(f"/v1/shops/{made.json()['shop_id']}", json={"secret": secret})
        assert changed.json()["has_secret"], changed.text
    return str(made.json()["path"])


def send(client: httpx.Client, path: str, sent: Sent, secret: str = SECRET) -> httpx.Response:
    """A message as the shop sends it: signed, and without a key."""
    topic, said = sent
    body = json.dumps(said).encode()
    if topic:
        signed = {
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-Sha256": shopify_signature(secret, body),
        }
    else:
        signed = {"Stripe-Signature": stripe_signature(secret, body, int(time.time()))}
    headers = {"Content-Type": "application/json", **signed}
    return httpx.post(client.base_url.join(path), content=body, headers=headers, timeout=60)


def outcomes(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=ShopReportAnswer).outcomes


def reason(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    told = msgspec.json.decode(answer.content, type=ShopReportAnswer)
    assert told.received == 0
    assert told.passed_over
    return told.passed_over.reason


def order(number: int = 1, **change: Any) -> dict[str, Any]:
    codes = [{"code": "SPRING", "amount": "10.00", "type": "fixed_amount"}]
    return ORDER | {"id": number, "discount_codes": codes, **change}


def refunded(number: int = 1, *refunds: dict[str, Any], **change: Any) -> dict[str, Any]:
    return order(number, financial_status="partially_refunded", refunds=list(refunds), **change)


def session(number: int = 1, **change: Any) -> dict[str, Any]:
    named = {"id": f"cs_{number}", "payment_intent": f"pi_{number}", "customer": "42"}
    return message(SESSION | named | change, created=NOW_S - 3_600)


def charge(number: int, after: int, before: int = 0) -> dict[str, Any]:
    said = {"id": f"ch_{number}", "payment_intent": f"pi_{number}", "amount_refunded": after}
    was = {"previous_attributes": {"amount_refunded": before}}
    of = CHARGE | said | {"refunded": after == 1500}
    return message(of, "charge.refunded", data=was, created=NOW_S - 60)


def paid_invoice(number: int) -> dict[str, Any]:
    said = {"invoice": f"in_{number}", "payment": {"payment_intent": f"pi_{number}"}}
    return message({"id": f"inpay_{number}", **said}, "invoice_payment.paid", created=NOW_S - 60)


@pytest.fixture
def brand(client: httpx.Client) -> httpx.Client:
    """Promotion `p`, whose code is SPRING, was given to the customer that the shops call 42."""
    promotion(client, "p", code="SPRING")
    given = {"promotion_id": "p", "customer_id": "42", "assigned_at": "2026-10-05T08:00:00Z"}
    more = given | {"customer_id": "43"}
    assert client.post("/v1/assignments", json=[given, more]).json()["outcomes"] == {"counted": 2}
    return client


def test_a_shopify_order_is_counted_once_and_its_refunds_undo_it(brand: httpx.Client) -> None:
    """P22, P3, P5, S11: paid, told again by another subscription, refunded in part, then cancelled."""
    path = shop(brand, "shopify")
    first = send(brand, path, ("orders/paid", order()))
    assert outcomes(first) == {"counted": 1}
    assert first.json()["results"][0]["event_id"] == "order:1|SPRING"
    assert outcomes(send(brand, path, ("orders/create", order()))) == {"duplicate": 1}
    told = figures(brand, "p")
    assert (told["redeemed"], told["reward_cost"]) == (1, {"EUR": "10.00"})
    partly = ("orders/updated", refunded(1, refund(1)))
    assert outcomes(send(brand, path, partly)) == {"counted": 1}
    assert outcomes(send(brand, path, partly)) == {"duplicate": 1}
    assert figures(brand, "p")["reward_cost"] == {"EUR": "6.67"}
    gone = refunded(1, refund(1), cancelled_at="2026-11-05T12:00:00Z")
    assert outcomes(send(brand, path, ("orders/cancelled", gone))) == {"counted": 1, "duplicate": 1}
    told = figures(brand, "p")
    assert (told["redeemed"], told["reversed"], told["reward_cost"]) == (0, 1, {"EUR": "0.00"})
    assert not brand.get("/v1/problems").json()["items"]


def test_a_stripe_checkout_is_counted_once_and_its_refunds_undo_it(brand: httpx.Client) -> None:
    """P22, P3, P5: and a refund of what no coupon was used for is nobody's problem."""
    path = shop(brand, "stripe")
    assert outcomes(send(brand, path, ("", session()))) == {"counted": 1}
    assert outcomes(send(brand, path, ("", session()))) == {"duplicate": 1}
    assert figures(brand, "p")["reward_cost"] == {"EUR": "5.00"}
    assert outcomes(send(brand, path, ("", charge(1, 500)))) == {"counted": 1}
    assert figures(brand, "p")["reward_cost"] == {"EUR": "3.33"}
    assert outcomes(send(brand, path, ("", charge(1, 1500, 500)))) == {"counted": 1, "duplicate": 1}
    told = figures(brand, "p")
    assert (told["redeemed"], told["reversed"]) == (0, 1)
    assert reason(send(brand, path, ("", charge(7, 1500)))) == "no_code_yet"
    assert not brand.get("/v1/problems").json()["items"]


def test_any_order_and_any_number_of_deliveries_gives_the_same_figures(brand: httpx.Client) -> None:
    """N1, P5, P6: refunds before what they refund, too."""
    orders: list[Sent] = [
        ("orders/paid", order(1)),
        ("orders/create", order(1)),
        ("orders/updated", refunded(1, refund(1))),
        ("orders/updated", refunded(1, refund(1), refund(2))),
        ("orders/paid", order(2, customer={"id": 43})),
        ("orders/cancelled", order(2, cancelled_at="2026-11-05T12:00:00Z")),
        ("refunds/create", {"id": 901, "order_id": 1}),
    ]
    checkouts: list[Sent] = [
        ("", session(1)),
        ("", charge(1, 500)),
        ("", charge(1, 900, 500)),
        ("", session(2, customer="43")),
        ("", charge(2, 1500)),
        ("", charge(3, 1500)),
        ("", session(4, customer="44", mode="subscription", payment_intent=None, invoice="in_4")),
        ("", paid_invoice(4)),
        ("", charge(4, 1500)),
    ]
    for kind, given in (("shopify", orders), ("stripe", checkouts)):
        found = []
        for seed in range(3):
            name, drawn = f"{kind}{seed}", random.Random(seed)
            promotion(brand, name, code=name)
            assigned = [
                {"promotion_id": name, "customer_id": c, "assigned_at": "2026-10-05T08:00:00Z"}
                for c in ("42", "43", "44")
            ]
            assert brand.post("/v1/assignments", json=assigned).status_code == 200
            path = shop(brand, kind)
            sent = [of(one, name) for one in given] * 2
            drawn.shuffle(sent)
            for one in sent:
                assert "rejected" not in outcomes(send(brand, path, one))
            told = figures(brand, name)
            found.append({n: told[n] for n in ("redeemed", "reversed", "reward_cost", "pending")})
        assert found == found[:1] * 3
        undone = 1 if kind == "shopify" else 2
        assert (found[0]["redeemed"], found[0]["reversed"], found[0]["pending"]) == (1, undone, 0)
    assert not brand.get("/v1/problems").json()["items"]


def test_what_comes_at_once_finds_each_other(brand: httpx.Client) -> None:
    """P5, P4: checkouts and their refunds from many connections at the same moment; none is left undone."""
    path = shop(brand, "stripe")
    sent = [("", one) for n in range(20) for one in (session(n), charge(n, 1500))]
    with ThreadPoolExecutor(8) as pool:
        for answer in pool.map(lambda one: send(brand, path, one), sent):
            assert answer.status_code == 200, answer.text
    told = figures(brand, "p")
    assert (told["redemptions"], told["redeemed"], told["reversed"]) == (0, 0, 20)


def of(sent: Sent, code: str) -> Sent:
    """The same message about another code."""
    return sent[0], json.loads(json.dumps(sent[1]).replace('"SPRING"', f'"{code}"'))


def forged(client: httpx.Client, path: str, sent: Sent, header: str, value: str) -> httpx.Response:
    headers = {"X-Shopify-Topic": sent[0], header: value}
    return httpx.post(client.base_url.join(path), json=sent[1], headers=headers, timeout=60)


def test_only_what_the_shop_signed_is_taken(brand: httpx.Client) -> None:
    """P22, P14, P16: another secret, no signature, an old one, no secret yet, and nobody's address."""
    shopify, stripe = shop(brand, "shopify"), shop(brand, "stripe")
    old = stripe_signature(SECRET, json.dumps(session()).encode(), NOW_S - 3_600)
    bare = shop(brand, "shopify", secret=None)
    for answer in (
        send(brand, shopify, ("orders/paid", order()), secret="another-secret"),
        send(brand, stripe, ("", session()), secret="another-secret"),
        send(brand, stripe, ("orders/paid", order())),
        send(brand, bare, ("orders/paid", order())),
        forged(brand, shopify, ("orders/paid", order()), "X-Other", ""),
        forged(brand, shopify, ("orders/paid", order()), "X-Shopify-Hmac-Sha256", "?"),
        forged(brand, stripe, ("", session()), "Stripe-Signature", old),
    ):
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature"), answer.text
    last = brand.get(bare.removesuffix("/messages")).json()["last_message"]
    assert (last["outcome"], last["reason"], last["event"]) == (
        "refused",
        "bad_signature",
        "orders/paid",
    )
    nobodys = send(brand, "/v1/shops/shop_x/messages", ("orders/paid", order()))
    assert (nobodys.status_code, nobodys.json()["code"]) == (404, "not_found")
    assert figures(brand, "p")["redemptions"] == 0


def test_a_new_secret_takes_the_place_of_the_old_one_without_a_gap(brand: httpx.Client) -> None:
    """P22, P14: both are good for a day, neither is shown, and the log says that and who."""
    path = shop(brand, "shopify")
    named = path.removesuffix("/messages")
    changed = brand.patch(named, json={"secret": " the-next-secret "}).json()
    assert changed["former_secret_until"] is not None
    for number, secret in enumerate(("the-next-secret", SECRET)):
        sent = ("orders/paid", order(number + 1))
        assert outcomes(send(brand, path, sent, secret)) != {}
    brand.patch(named, json={"secret": "and-a-third-one"})
    refused = send(brand, path, ("orders/paid", order(3)))
    assert refused.status_code == 401
    log = brand.get("/v1/audit", params={"target": named.rsplit("/", 1)[1]}).json()["items"]
    actions = [one["action"] for one in log]
    assert actions == ["shop.change", "shop.change", "shop.change", "shop.create"]
    assert log[0]["before"]["secret_mark"] != log[0]["after"]["secret_mark"]
    shown = json.dumps([log, brand.get("/v1/shops").json(), brand.get("/v1/sources").json()])
    for secret in (SECRET, "the-next-secret", "and-a-third-one"):
        assert secret not in shown


def test_what_tells_nothing_is_answered_with_its_reason_and_shown(brand: httpx.Client) -> None:
    """P22, P2: nothing is sent again for it, and whoever sets up sees that it came."""
    path = shop(brand, "shopify")
    assert reason(send(brand, path, ("products/update", {"id": 1}))) == "other_event"
    assert reason(send(brand, path, ("orders/paid", order(test=True)))) == "test_message"
    shown = brand.get(path.removesuffix("/messages")).json()["last_message"]
    assert (shown["event"], shown["outcome"], shown["reason"]) == (
        "orders/paid",
        "ignored",
        "test_message",
    )
    assert not brand.get("/v1/problems").json()["items"]


def test_what_is_refused_is_answered_with_200_and_kept(brand: httpx.Client) -> None:
    """P2, P10: a guest's order, and a message that is none, which no repetition would mend."""
    path = shop(brand, "shopify")
    guest = send(brand, path, ("orders/paid", order(customer=None)))
    assert outcomes(guest) == {"rejected": 1}
    assert guest.json()["problems"][0]["pointer"] == "/0/customer_id"
    assert outcomes(send(brand, path, ("orders/paid", [order()]))) == {"rejected": 1}
    problems = brand.get("/v1/problems").json()["items"]
    assert [one["reason"] for one in problems] == ["invalid", "invalid"]
    assert problems[0]["source"] == "shopify 0"
    assert "ann@" not in json.dumps(problems)
    assert brand.post("/v1/problems/replay", json={}).json()["outcomes"] == {"rejected": 2}


def test_an_unknown_code_waits_and_is_mapped_like_every_word(brand: httpx.Client) -> None:
    """N6, P22: a promotion code that Stripe tells by its id."""
    path = shop(brand, "stripe", code_from="promotion_code")
    assert outcomes(send(brand, path, ("", session()))) == {"pending": 1}
    mapped = {"field": "promo_code", "word": "promo_1", "promotion_id": "p"}
    assert brand.post("/v1/mappings", json=mapped).status_code == 201
    assert figures(brand, "p")["redeemed"] == 1


def test_test_mode_counts_in_a_sandbox(request: pytest.FixtureRequest, engine: str) -> None:
    url, address = request.getfixturevalue(f"shared_{engine}_server")
    with client_of(address, new_workspace(url, sandbox=True)) as sandbox:
        promotion(sandbox, "p", code="SPRING")
        path = shop(sandbox, "stripe")
        tried = session() | {"livemode": False}
        assert outcomes(send(sandbox, path, ("", tried))) == {"pending": 1}


@pytest.mark.parametrize(
    ("wanted", "status", "pointer"),
    [
        ({"kind": "magento"}, 422, "/kind"),
        ({"kind": "shopify", "customer_from": "email"}, 422, "/customer_from"),
        ({"kind": "stripe", "customer_from": "metadata."}, 422, "/customer_from"),
        ({"kind": "stripe", "code_from": "name"}, 422, "/code_from"),
        ({"kind": "shopify", "code_from": "coupon"}, 422, "/code_from"),
        ({"kind": "stripe", "source": "nobody"}, 404, None),
    ],
)
def test_a_shop_that_cannot_be_is_refused_with_the_field_named(
    client: httpx.Client, wanted: dict[str, str], status: int, pointer: str | None
) -> None:
    """P16."""
    client.post("/v1/sources", json={"name": "web"})
    answer = client.post("/v1/shops", json={"source": "web", **wanted})
    assert answer.status_code == status, answer.text
    if pointer:
        assert answer.json()["errors"][0]["pointer"] == pointer
    assert not client.get("/v1/shops").json()["items"]


def test_a_source_is_one_shop_and_ends_as_one(brand: httpx.Client) -> None:
    path = shop(brand, "shopify")
    named = path.removesuffix("/messages")
    again = brand.post("/v1/shops", json={"source": "shopify 0", "kind": "stripe"})
    assert (again.status_code, again.json()["code"]) == (409, "already_a_shop")
    for secret in ("short", "has a blank", "x" * 300, "größer als ASCII"):
        assert brand.patch(named, json={"secret": secret}).status_code == 422
    email = brand.patch(named, json={"customer_from": "customer.email"}).json()
    assert (email["customer_from"], email["has_secret"]) == ("customer.email", True)
    assert outcomes(send(brand, path, ("orders/paid", order()))) == {"pending": 1}
    assert brand.delete(named).status_code == 204
    assert send(brand, path, ("orders/paid", order())).status_code == 404
    assert brand.post("/v1/shops", json={"source": "shopify 0", "kind": "stripe"}).is_success


def test_people_who_connect_systems_set_shops_up_and_nobody_else(client: httpx.Client) -> None:
    """P14: developers and admins; no key for reporting, no marketer."""
    client.post("/v1/sources", json={"name": "web"})
    wanted = {"source": "web", "kind": "shopify"}
    scopes = ["redemptions:write", "reports:read", "promotions:write"]
    key = client.post("/v1/keys", json={"name": "k", "scopes": scopes}).json()["key"]
    denied = client.post("/v1/shops", json=wanted, headers={"Authorization": f"Bearer {key}"})
    assert (denied.status_code, denied.json()["code"]) == (403, "forbidden")


def test_a_body_is_bounded_before_anybody_is_known(brand: httpx.Client) -> None:
    """P1, P22."""
    path = shop(brand, "shopify")
    large = order(note="x" * (2 * 1024 * 1024))
    assert send(brand, path, ("orders/paid", large)).status_code == 413
    filled = order(note="x" * (1024 * 1024))
    assert outcomes(send(brand, path, ("orders/paid", filled))) == {"counted": 1}


def test_the_examples_of_the_documents_are_taken(client: httpx.Client) -> None:
    """S3, P22."""
    promotion(client, "SPRING20", code="SPRING20")
    sent: Callable[[Any], Any] = EXAMPLES.__getitem__
    shopify = send(client, shop(client, "shopify"), ("orders/paid", sent(ShopifyOrder)))
    assert outcomes(shopify) == {"pending": 1}
    assert outcomes(send(client, shop(client, "stripe"), ("", sent(StripeEvent)))) == {"pending": 1}
    document = msgspec.json.decode(client.get("/openapi.json").content)
    operation = document["paths"]["/v1/shops/{shop_id}/messages"]["post"]
    assert operation["security"] == []
    shown = operation["requestBody"]["content"]["application/json"]["examples"]
    assert set(shown) == {"ShopifyOrder", "StripeEvent"}
