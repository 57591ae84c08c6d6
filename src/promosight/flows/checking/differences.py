"""The events in which a source and Promosight differ, one by one: what each side tells of them, and why.

missing_here    the source tells it; nothing of that id ever came
missing_there   it was taken, of that time and those buckets; the source does not tell it
differs         both have it, and the fields named are not the same
rejected        it came, and is no fact; `reason` says why
pending         both have it alike, and it waits; no difference, but not counted
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from promosight.errors import Invalid
from promosight.flows.checking.reconciliations import Receipt, Span, taken_in, told_by
from promosight.rules.instants import format_instant
from promosight.rules.money import format_amount
from promosight.rules.reconciling import Told, bucket_of_id, differing_fields
from promosight.store.catalogue import Catalogue, Source, load
from promosight.store.tx import Row, Tx

MAX_LISTED = 10_000
"""So many events that are missing there are listed and kept of a request; all are counted."""

_decoded: Callable[[str], Any] = msgspec.json.Decoder().decode
_Sides = dict[str, Any]


class Difference(msgspec.Struct):
    """One event: in which state, which fields differ, why, and what each side tells. `problem`: where to look."""

    event_id: str
    state: str
    fields: list[str]
    reason: str | None
    said: dict[str, Any] | None
    found: dict[str, Any] | None
    problem: str | None


class Compared(NamedTuple):
    """What some buckets came to (None: all of them). `agreeing`: how many of those told are here alike."""

    receipt: Receipt
    buckets: list[int] | None
    told: int
    agreeing: int
    counts: Counter[str]
    listed: list[Difference]


class _Here(NamedTuple):
    """An event as it is here."""

    told: Told
    redeemed_us: int
    outcome: str
    reason: str | None


def compare(
    tx: Tx,
    workspace_no: int,
    source: Source,
    receipt: Receipt,
    buckets: list[int] | None,
    rows: Sequence[Told],
) -> Compared:
    """Compares what a source tells, which is all it has of these buckets, with what is here. Raises Invalid."""
    catalogue = load(tx, workspace_no)
    wanted = None if buckets is None else frozenset(buckets)
    _check(receipt, wanted, rows)
    told = {one.event_id: one for one in rows}  # told twice: the last
    here = _present(tx, catalogue, source, told)
    found = [_judged(one, here.get(one.event_id), receipt) for one in told.values()]
    listed = [one for one in found if one is not None]
    _explain(tx, workspace_no, source, listed)
    counts = Counter(one.state for one in listed)
    for row in taken_in(tx, source, receipt.span):
        if row[0] not in told and _is_wanted(row[0], receipt.buckets, wanted):
            counts["missing_there"] += 1
            if counts["missing_there"] <= MAX_LISTED:
                listed.append(_found_only(told_by(catalogue, row)))
    listed.sort(key=lambda one: one.event_id)
    _link(source, listed)
    apart = counts.total() - counts["missing_there"] - counts["pending"]
    return Compared(receipt, buckets, len(told), len(told) - apart, counts, listed)


def _check(receipt: Receipt, buckets: frozenset[int] | None, rows: Sequence[Told]) -> None:
    """Raises Invalid for buckets that there are not, and rows that belong elsewhere."""
    for one in buckets or ():
        if one >= max(receipt.buckets, 1):
            raise Invalid(
                f"there are {max(receipt.buckets, 1)} buckets, from 0", pointer="/buckets"
            )
    for index, row in enumerate(rows):
        if row.redeemed_us is not None and not _is_within(row.redeemed_us, receipt.span):
            raise Invalid("lies outside the time compared", pointer=f"/{index}/redeemed_at")
        if not _is_wanted(row.event_id, receipt.buckets, buckets):
            raise Invalid("lies in none of the buckets named", pointer=f"/{index}/event_id")


def _is_within(instant_us: int, span: Span) -> bool:
    return span.from_us <= instant_us < span.until_us


def _is_wanted(event_id: str, of: int, buckets: frozenset[int] | None) -> bool:
    return buckets is None or bucket_of_id(event_id, of) in buckets


def _present(
    tx: Tx, catalogue: Catalogue, source: Source, told: dict[str, Told]
) -> dict[str, _Here]:
    ids = [(one,) for one in sorted(told)]
    rows = tx.all_for("taken_of", ids, source_no=source.source_no)
    return {
        row[0]: _Here(told_by(catalogue, row), row[4] or row[11] or 0, *row[9:11]) for row in rows
    }


def _judged(said: Told, here: _Here | None, receipt: Receipt) -> Difference | None:
    """The difference that an event is; None where both tell the same and it does not wait."""
    if here is None or here.outcome == "rejected":
        state, reason = ("missing_here", None) if here is None else ("rejected", here.reason)
        return _difference(said.event_id, state, [], reason, said, here and here.told)
    fields = differing_fields(said, here.told, receipt.fields)
    if not _is_within(here.redeemed_us, receipt.span) and "redeemed_at" not in fields:
        fields.append("redeemed_at")
    if fields:
        return _difference(said.event_id, "differs", fields, None, said, here.told)
    if here.outcome == "pending":
        return _difference(said.event_id, "pending", [], here.reason, said, here.told)
    return None


def _explain(tx: Tx, workspace_no: int, source: Source, listed: list[Difference]) -> None:
    """What came and was refused is told from what never came; and where another form of an event was, it says so."""
    open_ = sorted((one.event_id,) for one in listed if one.reason is None)
    asked = {"workspace_no": workspace_no, "source_no": source.source_no}
    refused: dict[str, str] = dict(tx.all_for("refused_of", open_, **asked))  # the latest of each
    for one in listed:
        reason = refused.get(one.event_id)
        if one.reason is None and reason is not None:
            one.reason = reason
            one.state = "rejected" if one.state == "missing_here" else one.state


def _found_only(here: Told) -> Difference:
    return _difference(here.event_id, "missing_there", [], None, None, here)


def _difference(
    event_id: str,
    state: str,
    fields: list[str],
    reason: str | None,
    said: Told | None,
    found: Told | None,
) -> Difference:
    return Difference(event_id, state, fields, reason, side_of(said), side_of(found), None)


def side_of(told: Told | None) -> _Sides | None:
    """What a side tells of an event, without what it does not."""
    if told is None:
        return None
    values = {
        "reverses": told.reverses,
        "promotion_id": told.promotion_id,
        "promo_code": told.promo_code,
        "redeemed_at": None if told.redeemed_us is None else format_instant(told.redeemed_us),
        "reward_value": _amount(told.reward_micros, told.currency),
        "order_value": _amount(told.order_micros, told.currency),
        "currency": told.currency,
    }
    return {name: value for name, value in values.items() if value is not None}


def _amount(micros: int | None, currency: str) -> str | None:
    return None if micros is None else format_amount(micros, currency)


def _link(source: Source, listed: list[Difference]) -> None:
    for one in listed:
        if one.reason is not None:
            asked = urlencode({"source": source.name, "q": one.event_id})
            one.problem = f"/v1/problems?{asked}"


def keep_differences(tx: Tx, source: Source, done: Compared, *, now_us: int) -> None:
    """Keeps what was found of these buckets, in place of what was found of them before."""
    receipt, source_no = done.receipt, source.source_no
    name = receipt.reconciliation_id
    buckets = range(max(receipt.buckets, 1)) if done.buckets is None else sorted(set(done.buckets))
    tx.run_many("forget_differences", [(source_no, name, one) for one in buckets])
    rows = [
        (
            source_no,
            name,
            one.event_id,
            bucket_of_id(one.event_id, receipt.buckets),
            one.state,
            " ".join(one.fields),
            one.reason,
            _json(one.said),
            _json(one.found),
        )
        for one in done.listed
    ]
    tx.run_many("add_differences", rows)
    tx.run("narrow_reconciliation", source_no=source_no, reconciliation_id=name, narrowed_us=now_us)


def _json(side: _Sides | None) -> str | None:
    return None if side is None else msgspec.json.encode(side).decode()


def answer_of(done: Compared) -> dict[str, Any]:
    """What comparing came to, as it is answered."""
    listed = sum(1 for one in done.listed if one.state == "missing_there")
    return {
        "reconciliation_id": done.receipt.reconciliation_id,
        "buckets": done.buckets,
        "told": done.told,
        "agreeing": done.agreeing,
        "counts": dict(sorted(done.counts.items())),
        "differences": done.listed,
        "left_out": done.counts["missing_there"] - listed,
    }


def differences_after(
    tx: Tx, source: Source, receipt: Receipt, after: str, limit: int
) -> list[Difference]:
    """The kept differences of a receipt by event id, those after one."""
    rows = tx.all(
        "differences_after",
        source_no=source.source_no,
        reconciliation_id=receipt.reconciliation_id,
        after=after,
        limit=limit,
    )
    found = [_kept(row) for row in rows]
    _link(source, found)
    return found


def _kept(row: Row) -> Difference:
    event_id, state, fields, reason, said, found = row
    return Difference(event_id, state, fields.split(), reason, _read(said), _read(found), None)


def _read(side: str | None) -> _Sides | None:
    return None if side is None else _decoded(side)
