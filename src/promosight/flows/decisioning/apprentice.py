"""The apprentice: how often it would have chosen what the brand did, while it only watches."""

from __future__ import annotations

from math import sqrt

import msgspec

from promosight.flows.decisioning.estimates import Shown
from promosight.store.catalogue import load
from promosight.store.tx import Tx

_LATEST = 10_000
_Z = 1.959963984540054


class _Trace(msgspec.Struct):
    would: tuple[str, str | None] | None = None


_decode = msgspec.json.Decoder(_Trace).decode


class ApprenticeMatch(Shown):
    """Of its latest decisions, those where it would have chosen what was done: what the brand assigned under the
    decision's id, else the usual offer that was answered, or none. The interval is 95%."""

    decisions: int
    matched: int
    rate: float | None
    interval: tuple[float, float] | None


def apprentice_match(tx: Tx, workspace_no: int) -> ApprenticeMatch:
    """The match rate of a workspace's apprentice."""
    catalogue = load(tx, workspace_no)
    found: dict[str, bool] = {}
    for decision_id, text, usual_no, usual_tier, no, tier_id in tx.all(
        "apprentice_decisions", workspace_no=workspace_no, limit=_LATEST
    ):
        done_no, done_tier = (usual_no, usual_tier) if no is None else (no, tier_id or None)
        done = None if done_no is None else (catalogue.by_no[done_no].promotion_id, done_tier)
        found[decision_id] = found.get(decision_id, False) or done == _decode(text).would
    decisions, matched = len(found), sum(found.values())
    if not decisions:
        return ApprenticeMatch(decisions=0, matched=0, rate=None, interval=None)
    return ApprenticeMatch(
        decisions=decisions,
        matched=matched,
        rate=matched / decisions,
        interval=_wilson(matched, decisions),
    )


def _wilson(times: int, of: int) -> tuple[float, float]:
    """Wilson's interval of a share."""
    share, z2 = times / of, _Z * _Z
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = _Z / (1 + z2 / of) * sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)
