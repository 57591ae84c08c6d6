"""Finding one customer: what the brand said of somebody, as it was put."""

from __future__ import annotations

from typing import Any

import msgspec

from promosight.errors import NotFound
from promosight.rules.identity import customer_number
from promosight.store.catalogue import load
from promosight.store.tx import Row, Tx


def find_customer(tx: Tx, workspace_no: int, customer_id: str) -> dict[str, Any]:
    """A customer: `known` is False while only redemptions have named it. Raises NotFound."""
    row = _row(tx, workspace_no, customer_id)
    profile = msgspec.json.decode(row[4]) if row[4] else {}
    return {
        "customer_id": customer_id,
        "known": bool(row[3]),
        "attributes": profile.get("attributes", {}),
        "segments": profile.get("segments", []),
        "opt_outs": profile.get("opt_outs", []),
    }


def number_of(tx: Tx, workspace_no: int, customer_id: str) -> int:
    """The number of a customer. Raises NotFound."""
    number: int = _row(tx, workspace_no, customer_id)[0]
    return number


def _row(tx: Tx, workspace_no: int, customer_id: str) -> Row:
    """The customer at the number of its hash, or at the next free one after others that share it."""
    number = customer_number(load(tx, workspace_no).workspace.workspace_id, customer_id)
    while row := tx.one("customer", customer_no=number):
        if row[1] == customer_id and row[2] == workspace_no:
            return row
        number += 1
    raise NotFound(f"there is no customer {customer_id}")
