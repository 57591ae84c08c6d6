"""Shops as they are set up: each is a source that can be given no key and is known by its signature."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from promosight.errors import Conflict, Invalid, NotFound
from promosight.flows.set_up.workspaces import find_source
from promosight.rules.instants import format_instant
from promosight.rules.shop_signatures import FORMER_SIGNS_FOR_US, KINDS
from promosight.store.tx import Tx

_LONGEST_SECRET = 255


class Shop(msgspec.Struct, frozen=True):
    """A shop; fields in the order of the statements `shops` and `shop_by_id`. Without a secret nothing is taken."""

    shop_no: int
    workspace_no: int
    shop_id: str
    source_no: int
    source: str
    kind: str
    customer_from: str
    code_from: str
    secret: str
    former_secret: str | None
    former_until_us: int | None
    created_us: int
    updated_us: int
    last_us: int | None
    last_event: str | None
    last_outcome: str | None
    last_reason: str | None

    def secrets(self, now_us: int) -> list[str]:
        """What its messages may be signed with, the newest first."""
        signs = self.former_until_us is not None and now_us < self.former_until_us
        former = self.former_secret if signs else None
        return [one for one in (self.secret, former) if one]


def list_shops(tx: Tx, workspace_no: int) -> list[Shop]:
    """The shops of a workspace, the oldest first."""
    return [Shop(*row) for row in tx.all("shops", workspace_no=workspace_no)]


def find_shop(tx: Tx, workspace_no: int, shop_id: str) -> Shop:
    """A shop of a workspace. Raises NotFound."""
    shop = shop_of_address(tx, shop_id)
    if shop.workspace_no != workspace_no:
        raise _none_such()
    return shop


def shop_of_address(tx: Tx, shop_id: str) -> Shop:
    """The shop that sends to an address, of whichever workspace. Raises NotFound."""
    row = tx.one("shop_by_id", shop_id=shop_id)
    if row is None:
        raise _none_such()
    return Shop(*row)


def create_shop(
    tx: Tx,
    workspace_no: int,
    shop_id: str,
    source: str,
    reads: tuple[str, str, str],
    *,
    now_us: int,
) -> Shop:
    """Makes a shop of a source. `reads`: its kind, and where its messages have customer and code.

    Raises Invalid, NotFound, or Conflict where the source is one already.
    """
    kind, customer_from, code_from = reads
    if kind not in KINDS:
        raise Invalid("must be one of " + ", ".join(KINDS), pointer="/kind")
    added = tx.run(
        "add_shop",
        workspace_no=workspace_no,
        shop_id=shop_id,
        source_no=find_source(tx, workspace_no, source).source_no,
        kind=kind,
        customer_from=customer_from,
        code_from=code_from,
        now_us=now_us,
    )
    if not added:
        why = f"{source} has an address for a shop already"
        raise Conflict(why, code="already_a_shop", pointer="/source")
    return find_shop(tx, workspace_no, shop_id)


def change_shop(
    tx: Tx, shop: Shop, *, customer_from: str, code_from: str, secret: str | None, now_us: int
) -> Shop:
    """Changes how a shop's messages are read, or its secret: the one it had is good beside it for a day.

    Raises Invalid.
    """
    _check_secret(secret)
    now, former, until_us = shop.secret, shop.former_secret, shop.former_until_us
    if secret is not None and secret != now:
        former, until_us = (now, now_us + FORMER_SIGNS_FOR_US) if now else (None, None)
        now = secret
    tx.run(
        "change_shop",
        shop_no=shop.shop_no,
        customer_from=customer_from,
        code_from=code_from,
        secret=now,
        former_secret=former,
        former_until_us=until_us,
        now_us=now_us,
    )
    return shop_of_address(tx, shop.shop_id)


def remove_shop(tx: Tx, workspace_no: int, shop_id: str) -> None:
    """Nothing is taken at its address any more; what it reported stays. Raises NotFound."""
    number = find_shop(tx, workspace_no, shop_id).shop_no
    tx.run("drop_shop", shop_no=number)
    tx.run("drop_payment_notes", shop_no=number)


def note_payments(
    tx: Tx,
    shop_no: int,
    payments: Sequence[str],
    notes: Iterable[tuple[str, str]],
    *,
    now_us: int,
) -> None:
    """Keeps what a message says of payments, by name; one that is kept already stays as it is."""
    rows = [(shop_no, payment, name, says, now_us) for payment in payments for name, says in notes]
    tx.run_many("note_payments", sorted(set(rows)))


def notes_of(tx: Tx, shop_no: int, payments: Sequence[str]) -> list[list[str]]:
    """What was said of each of these payments."""
    found: dict[str, list[str]] = {}
    rows = [(shop_no, payment) for payment in payments]
    for payment, _, says in tx.all_for("notes_of_payments", rows):
        found.setdefault(payment, []).append(says)
    return list(found.values())


def describe_shop(shop: Shop, *, now_us: int) -> dict[str, Any]:
    """A shop as the contract shows it: never with its secret."""
    last = None
    if shop.last_us is not None:
        last = {
            "received_at": format_instant(shop.last_us),
            "event": shop.last_event,
            "outcome": shop.last_outcome,
            "reason": shop.last_reason,
        }
    overlaps = shop.former_until_us is not None and now_us < shop.former_until_us
    until = format_instant(shop.former_until_us or 0) if overlaps else None
    return {
        "shop_id": shop.shop_id,
        "source": shop.source,
        "kind": shop.kind,
        "path": f"/v1/shops/{shop.shop_id}/messages",
        "customer_from": shop.customer_from,
        "code_from": shop.code_from or None,
        "has_secret": bool(shop.secret),
        "former_secret_until": until,
        "last_message": last,
        "created_at": format_instant(shop.created_us),
        "updated_at": format_instant(shop.updated_us),
    }


def _check_secret(secret: str | None) -> None:
    if secret is None:
        return
    if not 8 <= len(secret) <= _LONGEST_SECRET or not secret.isascii() or not secret.isprintable():
        why = f"must be 8 to {_LONGEST_SECRET} printable ASCII characters, as the shop shows it"
        raise Invalid(why, pointer="/secret")
    if " " in secret:
        raise Invalid("has a blank in it; copy the secret alone", pointer="/secret")


def _none_such() -> NotFound:
    return NotFound("there is no shop at this address")
