"""Changing parts of a promotion: a merge patch (RFC 7396) over its definition, checked as a whole."""

from __future__ import annotations

from typing import Any

import msgspec

from promosight.flows.promotions.manage_promotions import defined, put_promotion
from promosight.rules.promotions import Promotion
from promosight.store.catalogue import Listed
from promosight.store.tx import Tx


def patch_promotion(
    tx: Tx, workspace_no: int, promotion_id: str, patch: dict[str, Any], *, now_us: int
) -> Listed:
    """Merges the patch in; null removes. Raises NotFound, Invalid, Conflict, or msgspec.ValidationError."""
    before = msgspec.to_builtins(defined(tx, workspace_no, promotion_id))
    definition = msgspec.convert(_merged(before, patch), Promotion)
    return put_promotion(tx, workspace_no, promotion_id, definition, now_us=now_us)[0]


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
