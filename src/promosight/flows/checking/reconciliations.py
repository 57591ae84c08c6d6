"""Receipts of reconciliations: what a source said of a time, what was found, and how the two compare.

Looking takes one pass over the events and is done in a transaction that only reads; keeping the receipt is another, and
short. What is found are the events that were *taken*: those rejected are no facts, whoever compares one by one is told.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from promosight.errors import Invalid, NotFound
from promosight.rules import reconciling
from promosight.rules.facts import Fault
from promosight.rules.instants import format_instant
from promosight.rules.money import format_amount
from promosight.rules.reconciling import FIELDS, MAX_BUCKETS, Said, Told, Totals, hash_text
from promosight.store.catalogue import Catalogue, Source, load
from promosight.store.tx import Row, Tx

Amounts = dict[str, str]
_Number = Annotated[int, Meta(ge=0, lt=2**53)]
_LARGEST_SUM = 24
_is_day = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_decoded: Callable[[str], Any] = msgspec.json.Decoder().decode


class Statement(msgspec.Struct, kw_only=True, rename={"from_": "from"}):
    """What a source says it reported of a day, or of the time from an instant on and before another.

    What it does not say is not compared. `fields`: what a line holds beside the event's id. `buckets`: a hash for each.
    """

    day: str | None = None
    from_: str | None = None
    until: str | None = None
    fields: list[str] = []
    redemptions: _Number | None = None
    reversals: _Number | None = None
    order_value: dict[str, Decimal] | None = None
    reward_value: dict[str, Decimal] | None = None
    hash: str | None = None
    buckets: list[str] = []


class Span(NamedTuple):
    """A time: `day` where it is one in the workspace's zone, else ""."""

    day: str
    from_us: int
    until_us: int


class Looked(NamedTuple):
    """What was said and what was found, before it is kept."""

    source: Source
    span: Span
    fields: list[str]
    said: Said
    found: Totals
    outcomes: Counter[str]


def span_of(catalogue: Catalogue, day: str | None, from_: str | None, until: str | None) -> Span:
    """The time that is asked for. Raises Invalid."""
    if day is not None:
        if from_ is not None or until is not None:
            raise Invalid("give a day, or from and until", pointer="/day")
        return _day(catalogue, day)
    if from_ is None or until is None:
        raise Invalid(
            "give a day, or from and until", pointer="/day" if from_ is None else "/until"
        )
    span = Span("", _instant(from_, "/from"), _instant(until, "/until"))
    if span.until_us <= span.from_us:
        raise Invalid("must lie after from", pointer="/until")
    return span


def _day(catalogue: Catalogue, text: str) -> Span:
    try:
        if not _is_day(text):
            raise ValueError(text)
        day = date.fromisoformat(text)
        following = date.fromordinal(day.toordinal() + 1)
        return Span(text, catalogue.days.start_us(day), catalogue.days.start_us(following))
    except (ValueError, OverflowError):
        raise Invalid("must be a day such as 2026-11-26", pointer="/day") from None


def _instant(text: str, pointer: str) -> int:
    try:
        return reconciling.instant_told(text, "")
    except Fault as fault:
        raise Invalid(fault.rejection.detail, pointer=pointer) from None


def about(catalogue: Catalogue, day: str | None) -> dict[str, Any]:
    """What a source needs to know to say something: when a day begins and ends here, and in which currency."""
    span = None if day is None else span_of(catalogue, day, None, None)
    return {
        "from": span and format_instant(span.from_us),
        "until": span and format_instant(span.until_us),
        "time_zone": catalogue.workspace.time_zone,
        "currency": catalogue.workspace.currency,
    }


def look(tx: Tx, workspace_no: int, source: Source, statement: Statement) -> Looked:
    """What was found of what a source says. Raises Invalid."""
    catalogue = load(tx, workspace_no)
    span = span_of(catalogue, statement.day, statement.from_, statement.until)
    fields = _fields(statement.fields)
    said = _said(statement)
    found, outcomes = Totals(fields, len(said.buckets)), Counter[str]()
    for row in taken_in(tx, source, span):
        found.add(told_by(catalogue, row))
        outcomes[row[9]] += 1
    return Looked(source, span, fields, said, found, outcomes)


def taken_in(tx: Tx, source: Source, span: Span) -> Iterable[Row]:
    """The events of a source that were taken, of a time."""
    return tx.each(
        "taken_in", source_no=source.source_no, from_us=span.from_us, until_us=span.until_us
    )


def told_by(catalogue: Catalogue, row: Row) -> Told:
    """What a stored event tells. One that names its promotion and no code lies in it, and does not repeat the id."""
    event_id, reverses, promotion_id, promo_code, redeemed_us, reward, order, currency, no = row[:9]
    if promotion_id is None and promo_code is None and reverses is None:
        promotion_id = catalogue.by_no[no].promotion_id
    return Told(
        event_id,
        reverses,
        promotion_id,
        promo_code,
        redeemed_us or None,
        reward,
        order,
        currency or catalogue.workspace.currency,
    )


def _fields(named: list[str]) -> list[str]:
    for index, one in enumerate(named):
        if one not in FIELDS:
            raise Invalid("must be one of " + ", ".join(FIELDS), pointer=f"/fields/{index}")
    return [one for one in FIELDS if one in named]


def _said(statement: Statement) -> Said:
    if len(statement.buckets) > MAX_BUCKETS:
        raise Invalid(f"must be at most {MAX_BUCKETS}", pointer="/buckets")
    whole = None if statement.hash is None else _hash(statement.hash, "/hash")
    buckets = [_hash(one, f"/buckets/{index}") for index, one in enumerate(statement.buckets)]
    if buckets:
        added = 0
        for one in buckets:
            added = reconciling.added(added, one)
        if whole is not None and whole != added:
            raise Invalid("do not add up to the hash of the whole", pointer="/buckets")
        whole = added
    said = Said(
        statement.redemptions,
        statement.reversals,
        _amounts(statement.order_value, "order_value"),
        _amounts(statement.reward_value, "reward_value"),
        whole,
        buckets,
    )
    if all(one is None for one in msgspec.structs.astuple(said)[:5]):
        raise Invalid("say a number, an amount or a hash to compare", pointer="/redemptions")
    return said


def _hash(text: str, pointer: str) -> int:
    try:
        return reconciling.hash_from(text)
    except ValueError as error:
        raise Invalid(str(error), pointer=pointer) from None


def _amounts(given: dict[str, Decimal] | None, name: str) -> dict[str, int] | None:
    if given is None:
        return None
    return {currency: _sum(sum_, f"/{name}/{currency}") for currency, sum_ in given.items()}


def _sum(said: Decimal, pointer: str) -> int:
    """Micros of a sum, which may pass what one amount may be."""
    if not said.is_finite() or said < 0 or said.adjusted() > _LARGEST_SUM:
        raise Invalid("must be an amount such as 5.00", pointer=pointer)
    whole, _, fraction = f"{said:f}".partition(".")
    if fraction[6:].strip("0"):
        raise Invalid("has more than six decimals", pointer=pointer)
    return int(whole + fraction[:6].ljust(6, "0"))


def keep(
    tx: Tx, looked: Looked, *, reconciliation_id: str, made_by: str, now_us: int
) -> dict[str, Any]:
    """Keeps the receipt; returns it as it is shown."""
    differing = looked.said.differing(looked.found)
    tx.run(
        "add_reconciliation",
        source_no=looked.source.source_no,
        made_us=now_us,
        reconciliation_id=reconciliation_id,
        made_by=made_by,
        **looked.span._asdict(),
        fields=" ".join(looked.fields),
        said=_json(_sides(looked.said)),
        found=_json(_sides(looked.found) | {"outcomes": dict(sorted(looked.outcomes.items()))}),
        differing=" ".join(differing),
        buckets=len(looked.said.buckets),
        different=" ".join(map(str, looked.said.differing_buckets(looked.found))),
    )
    return described(tx, looked.source, [receipt_named(tx, looked.source, reconciliation_id)])[0]


def _sides(totals: Said | Totals) -> dict[str, Any]:
    return {
        "redemptions": totals.redemptions,
        "reversals": totals.reversals,
        "order_value": _shown(totals.order_micros),
        "reward_value": _shown(totals.reward_micros),
        "hash": None if totals.hash is None else hash_text(totals.hash),
    }


def _shown(amounts: dict[str, int] | None) -> Amounts | None:
    if amounts is None:
        return None
    return {one: format_amount(micros, one) for one, micros in sorted(amounts.items()) if micros}


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


class Receipt(msgspec.Struct, frozen=True):
    """A receipt as it lies in the store, fields in the order of its statements."""

    made_us: int
    reconciliation_id: str
    made_by: str
    day: str
    from_us: int
    until_us: int
    fields_text: str
    said: str
    found: str
    differing: str
    buckets: int
    different: str
    narrowed_us: int | None

    @property
    def span(self) -> Span:
        """The time it is about."""
        return Span(self.day, self.from_us, self.until_us)

    @property
    def fields(self) -> list[str]:
        """The fields compared."""
        return self.fields_text.split()


def receipt_named(tx: Tx, source: Source, reconciliation_id: str) -> Receipt:
    """A receipt of a source. Raises NotFound."""
    row = tx.one(
        "reconciliation_named", source_no=source.source_no, reconciliation_id=reconciliation_id
    )
    if row is None:
        raise NotFound(f"there is no reconciliation {reconciliation_id} of {source.name}")
    return Receipt(*row)


class Before(NamedTuple):
    """Where a page begins: before this receipt."""

    before_us: int = 2**63 - 1
    before_id: str = "\U0010ffff"


def receipts(
    tx: Tx, source: Source, *, day: str, before: Before, limit: int
) -> tuple[list[dict[str, Any]], Before | None]:
    """A page of a source's receipts, the latest first, and where the next one begins; `day` "" for all."""
    rows = tx.all(
        "reconciliations_before",
        source_no=source.source_no,
        day=day,
        limit=limit + 1,
        **before._asdict(),
    )
    following = Before(*rows[limit - 1][:2]) if len(rows) > limit else None
    return described(tx, source, [Receipt(*row) for row in rows[:limit]]), following


def described(tx: Tx, source: Source, found: Sequence[Receipt]) -> list[dict[str, Any]]:
    """Receipts as they are shown."""
    counts: dict[str, dict[str, int]] = {}
    named = [(one.reconciliation_id,) for one in found if one.narrowed_us is not None]
    for name, state, count in tx.all_for("differences_counted", named, source_no=source.source_no):
        counts.setdefault(name, {})[state] = count
    return [_described(source, one, counts.get(one.reconciliation_id, {})) for one in found]


def _described(source: Source, one: Receipt, counts: dict[str, int]) -> dict[str, Any]:
    is_bucketed = one.buckets > 0
    different = [int(bucket) for bucket in one.different.split()]
    return {
        "reconciliation_id": one.reconciliation_id,
        "source": source.name,
        "made_at": format_instant(one.made_us),
        "made_by": one.made_by,
        "day": one.day or None,
        "from": format_instant(one.from_us),
        "until": format_instant(one.until_us),
        "fields": one.fields,
        "outcome": "different" if one.differing else "equal",
        "differing": one.differing.split(),
        "said": _decoded(one.said),
        "found": _decoded(one.found),
        "buckets": {"of": one.buckets, "different": different} if is_bucketed else None,
        "narrowed_at": None if one.narrowed_us is None else format_instant(one.narrowed_us),
        "differences": dict(sorted(counts.items())),
    }
