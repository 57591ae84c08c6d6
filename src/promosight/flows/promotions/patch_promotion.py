"""Changing parts of a promotion: a merge patch (RFC 7396) over its definition, checked as a whole."""

from __future__ import annotations

from typing import Any

import msgspec

from promosight.flows.ledger.ahead import Ahead
from promosight.flows.promotions.manage_promotions import defined, put_ahead, put_promotion
from promosight.rules.promotions import Promotion
from promosight.store.catalogue import Listed
from promosight.store.tx import Tx


def patch_promotion(
    tx: Tx,
    workspace_no: int,
    promotion_id: str,
    patch: dict[str, Any],
    *,
    now_us: int,
    ahead: Ahead | None = None,
) -> Listed:
    """Merges the patch in; null removes. Raises NotFound, Invalid, Conflict, or msgspec.ValidationError."""
    definition = _patched(tx, workspace_no, promotion_id, patch)
    return put_promotion(tx, workspace_no, promotion_id, definition, now_us=now_us, ahead=ahead)[0]


def patch_ahead(
    snapshot: Tx, workspace_no: int, promotion_id: str, patch: dict[str, Any], *, now_us: int
) -> Ahead | None:
    """What `patch_promotion` will come to, worked out before its transaction. Raises as that."""
    definition = _patched(snapshot, workspace_no, promotion_id, patch)
    return put_ahead(snapshot, workspace_no, promotion_id, definition, now_us=now_us)


def _patched(tx: Tx, workspace_no: int, promotion_id: str, patch: dict[str, Any]) -> Promotion:
    before = msgspec.to_builtins(defined(tx, workspace_no, promotion_id))
    return msgspec.convert(_merged(before, patch), Promotion)


def _merged(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value)
    return merged
