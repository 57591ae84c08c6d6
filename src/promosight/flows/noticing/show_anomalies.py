"""Anomalies as the contract shows them, the latest first, each with its cause in a sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

import msgspec

from promosight.errors import NotFound
from promosight.flows.noticing.watching import REDEMPTIONS, STREAM
from promosight.flows.promotions.manage_promotions import number_sought
from promosight.rules.instants import format_instant, zone
from promosight.store.catalogue import Catalogue, load
from promosight.store.tx import Row, Tx

_END = 2**62
_LARGER = 2**63
_decode = msgspec.json.Decoder().decode


class AnomalyPlace(NamedTuple):
    """Where a page begins: before this time and number. The default is the newest."""

    before_us: int = _END
    before_no: int = 0


class Blamed(msgspec.Struct):
    """Words of one dimension that the cause has; an empty word stands for facts without one."""

    dimension: str
    words: list[str]


class AnomalyLine(msgspec.Struct):
    """A word of a dimension: `share` is its part of what is missing there, or came too much."""

    dimension: str
    word: str
    expected: float
    actual: float
    share: float


class AnomalySlot(msgspec.Struct):
    """An hour, or a day of batches, from `at` on: what was counted, and what was expected. Of twenty slots nineteen lie
    between `low` and `high`."""

    at: str
    actual: int
    expected: float
    low: int
    high: int


class Anomaly(msgspec.Struct):
    """What was otherwise than expected. `kind`: `redemptions` of a promotion, the `stream` of a source, or
    what of it is `unmatched`. `cause` has nothing in it where it is everywhere; `share` is the part of it that the
    cause explains; `or_else` names what would explain it as well. `slot`: what `slots` are. `said` is all
    that in a sentence."""

    anomaly_id: str
    kind: Literal["redemptions", "stream", "unmatched"]
    direction: Literal["drop", "leap"]
    promotion_id: str | None
    promotion_name: str | None
    source: str | None
    said: str
    began_at: str
    found_at: str
    ended_at: str | None
    expected: float
    actual: float
    cause: list[Blamed]
    share: float
    or_else: list[list[Blamed]]
    breakdown: list[AnomalyLine]
    slot: Literal["hour", "day"]
    slots: list[AnomalySlot]
    acknowledged_at: str | None
    acknowledged_by: str | None
    note: str


class SoughtAnomalies(NamedTuple):
    """Which are wanted: of one promotion or all, of one source or all, perhaps only those that are not over."""

    promotion_id: str | None = None
    source: str | None = None
    is_open: bool = False


def list_anomalies(
    tx: Tx, workspace_no: int, sought: SoughtAnomalies, *, place: AnomalyPlace, limit: int
) -> tuple[list[Anomaly], AnomalyPlace | None]:
    """A page of anomalies, the newest first, and where the next one begins. Raises NotFound."""
    catalogue = load(tx, workspace_no)
    rows = tx.all(
        "anomalies_before",
        workspace_no=workspace_no,
        promotion_no=number_sought(tx, catalogue, sought.promotion_id),
        source=sought.source or "",
        open=int(sought.is_open),
        **place._asdict(),
        limit=limit + 1,
    )
    items = [_anomaly(catalogue, row) for row in rows[:limit]]
    if len(rows) <= limit:
        return items, None
    last = rows[limit - 1]
    return items, AnomalyPlace(last[6], last[0])


def describe_anomaly(tx: Tx, workspace_no: int, number: int) -> Anomaly:
    """One anomaly by its number. Raises NotFound."""
    row = tx.one("anomaly_by_no", workspace_no=workspace_no, anomaly_no=number)
    if row is None:
        raise NotFound("there is no such anomaly")
    return _anomaly(load(tx, workspace_no), row)


def number_of(anomaly_id: str) -> int:
    """The number of an anomaly by its id. Raises NotFound."""
    try:
        number = int(anomaly_id, 16)
    except ValueError:
        raise NotFound("there is no such anomaly") from None
    if f"{number:016x}" != anomaly_id or not 0 <= number < _LARGER:
        raise NotFound("there is no such anomaly")
    return number


def _anomaly(catalogue: Catalogue, row: Row) -> Anomaly:
    number, kind, direction, no, source, began_us, found_us, ended_us, text, *seen = row
    details = _decode(text)
    listed = catalogue.by_no.get(no)
    name = listed.definition.name if listed is not None and listed.definition else None
    acknowledged_us, acknowledged_by, note = seen
    return Anomaly(
        anomaly_id=f"{number:016x}",
        kind=kind,
        direction=direction,
        promotion_id=listed.promotion_id if listed is not None else None,
        promotion_name=name,
        source=source or None,
        said=_sentence(catalogue, (kind, direction, name, source, began_us), details),
        began_at=format_instant(began_us),
        found_at=format_instant(found_us),
        ended_at=None if ended_us is None else format_instant(ended_us),
        expected=round(details["expected"], 1),
        actual=details["actual"],
        cause=_blamed(details["cause"]),
        share=round(details["share"], 3),
        or_else=[_blamed(other) for other in details["others"]],
        breakdown=[
            AnomalyLine(d, w, round(e, 1), a, round(s, 3)) for d, w, e, a, s in details["lines"]
        ],
        slot="day" if details["batched"] else "hour",
        slots=[AnomalySlot(format_instant(int(at)), *rest) for at, *rest in details["chart"]],
        acknowledged_at=None if acknowledged_us is None else format_instant(acknowledged_us),
        acknowledged_by=acknowledged_by,
        note=note,
    )


def _blamed(words: list[Any]) -> list[Blamed]:
    return [Blamed(dimension, found) for dimension, found in words]


def _sentence(
    catalogue: Catalogue, about: tuple[str, str, str | None, str, int], details: dict[str, Any]
) -> str:
    kind, direction, name, source, began_us = about
    verb = "dropped" if direction == "drop" else "leapt"
    what = {
        REDEMPTIONS: f"Redemptions of {name or 'a promotion'}"
        + (f" from {source}" if source else ""),
        STREAM: f"What {source} sends",
    }.get(kind, f"What of {source} matches no assignment")
    expected, actual = _count(details["expected"]), _count(details["actual"])
    when = _when(catalogue, began_us, daily=details["batched"])
    said = f"{what} {verb} to {actual} where {expected} were expected, since {when}."
    if not details["cause"]:
        return f"{said} It is everywhere alike."
    where = ", ".join(
        f"{d} {' and '.join(w or 'none' for w in words)}" for d, words in details["cause"]
    )
    missing = "what is missing" if direction == "drop" else "what came too much"
    return (
        f"{said} It comes from {where}, which explains {_percent(details['share'])} of {missing}."
    )


def _count(number: float) -> str:
    return f"{round(number):,}" if number >= 10 else f"{number:.1f}".removesuffix(".0")


def _percent(share: float) -> str:
    return f"{round(100 * share)}%"


def _when(catalogue: Catalogue, instant_us: int, *, daily: bool) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant_us)
    local = moment.astimezone(zone(catalogue.workspace.time_zone))
    day = f"{local.day} {local:%B}"
    return day if daily else f"{local:%H:%M} on {day}"
