"""Finding one customer: what the brand said of somebody, as it was put."""

from __future__ import annotations

from typing import Any

import msgspec

from promosight.errors import NotFound
from promosight.rules.identity import customer_number
from promosight.store.catalogue import load
from promosight.store.tx import Tx


def find_customer(tx: Tx, workspace_no: int, customer_id: str) -> dict[str, Any]:
    """A customer: `known` is False while only redemptions have named it. Raises NotFound."""
    workspace_id = load(tx, workspace_no).workspace.workspace_id
    row = tx.one("customer", customer_no=customer_number(workspace_id, customer_id))
    if row is None or row[1] != customer_id or row[2] != workspace_no:
        raise NotFound(f"there is no customer {customer_id}")
    profile = msgspec.json.decode(row[4]) if row[4] else {}
    return {
        "customer_id": customer_id,
        "known": bool(row[3]),
        "attributes": profile.get("attributes", {}),
        "segments": profile.get("segments", []),
        "opt_outs": profile.get("opt_outs", []),
    }
