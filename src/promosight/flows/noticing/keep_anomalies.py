"""Keeping anomalies: each once, however many servers find it; how it goes on, when it is over, and who has seen it."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from promosight.errors import NotFound
from promosight.flows.ledger.announcing import announce_anomalies
from promosight.flows.noticing.look_closer import Finding, chart, look_closer, written
from promosight.flows.noticing.watching import (
    REDEMPTIONS,
    STREAM,
    Hour,
    Key,
    Strange,
    WorkspaceWatch,
    hours_of,
)
from promosight.rules.identity import stable_hash
from promosight.rules.instants import HOUR_US
from promosight.store.catalogue import Catalogue, load
from promosight.store.tx import Row, Tx

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_MOST = 0.5
_AT_ONCE = 48
"""So many hours are read at once."""


class Raised(NamedTuple):
    """An anomaly to be kept."""

    number: int
    key: Key
    direction: str
    began_us: int
    found_us: int
    details: str


class Changed(NamedTuple):
    """How one that is kept goes on; `ended_us` once it is over."""

    number: int
    details: str
    ended_us: int | None


class News(NamedTuple):
    """What there is to be kept."""

    workspace_no: int
    raised: list[Raised]
    changed: list[Changed]

    @property
    def is_any(self) -> bool:
        """Whether there is anything."""
        return bool(self.raised or self.changed)


class Read(NamedTuple):
    """The hours that a watch has not been told yet."""

    hours: list[Hour]
    cadences: dict[str, str]


def hours_after(tx: Tx, workspace_no: int, after_us: int) -> Read:
    """The first hours that were read after one: a few days at a time, for they are held in memory."""
    asked = {"workspace_no": workspace_no, "after_us": after_us}
    days = load(tx, workspace_no).days
    hours = tx.all("pace_hours_after", **asked, limit=_AT_ONCE)
    if not hours:
        return Read([], {})
    imported = [
        (name, days.hour_us(finished_us))
        for name, finished_us in tx.all("imports_published_after", **asked)
    ]
    asked["until_us"] = hours[-1][0]
    answered = tx.all("unmatched_after", **asked)
    made = hours_of(hours, tx.all("pace_after", **asked), answered, imported)
    sources = tx.all("sources", workspace_no=workspace_no)
    return Read(list(made), {row[1]: row[2] for row in sources})


def find_news(tx: Tx, workspace_no: int, watch: WorkspaceWatch, *, now_us: int) -> News:
    """What the watches found that is not kept yet, and how what is kept goes on."""
    catalogue = load(tx, workspace_no)
    until_us = catalogue.days.hour_us(watch.after_us + HOUR_US)
    there = {
        Key(kind, no, source): (number, details)
        for number, kind, no, source, details in tx.all("open_anomalies", workspace_no=workspace_no)
    }
    raised: list[Raised] = []
    changed: list[Changed] = []
    strange = {one.key: one for one in watch.strange()}
    for key, (number, details) in there.items():
        changed += _went_on(strange.get(key), number, details, until_us)
    looked: dict[Key, Finding] = {}
    for key, one in strange.items():
        if key in there or watch.explained.get(key) == there.keys():
            continue
        finding = look_closer(tx, catalogue, one, until_us=until_us)
        if finding is None:
            one.watch.excuse()
        else:
            looked[key] = finding
    for key in explained(catalogue, looked, set(there)):
        watch.explained[key] = frozenset(there)
        del looked[key]
    for key, finding in looked.items():
        raised.append(_raised(strange[key], finding, now_us))
    return News(workspace_no, raised, changed)


def _went_on(strange: Strange | None, number: int, details: str, until_us: int) -> list[Changed]:
    said = _decode(details)
    if strange is None:
        return [Changed(number, details, until_us)]
    found = strange.found
    said |= {"expected": found.expected * said["scale"], "actual": found.actual}
    said["chart"] = chart(strange, said["scale"])
    text = _encode(said).decode()
    return [Changed(number, text, None)] if text != details else []


def _raised(one: Strange, finding: Finding, now_us: int) -> Raised:
    number = stable_hash("anomaly", *one.key, one.found.direction, one.found.began_us)
    details = _encode(written(finding, one)).decode()
    return Raised(number, one.key, one.found.direction, finding.since_us, now_us, details)


def explained(catalogue: Catalogue, looked: dict[Key, Finding], there: set[Key]) -> list[Key]:
    """The series that another one speaks for: of a promotion what one source no longer sends, of a source what is so
    with its promotions whoever sends it."""
    known = looked.keys() | there
    found = []
    for key, finding in looked.items():
        sources = dict(finding.cause.words).get("source", ())
        if (
            key.kind == REDEMPTIONS
            and sources
            and all(Key(STREAM, 0, one) in known for one in sources)
        ):
            found.append(key)
    speaking = {
        catalogue.by_no[key.promotion_no].promotion_id
        for key in known - set(found)
        if key.kind == REDEMPTIONS and not key.source and key.promotion_no in catalogue.by_no
    }
    for key, finding in looked.items():
        spoken = sum(share for word, share in finding.shares.items() if word in speaking)
        if key.kind == STREAM and spoken > _MOST:
            found.append(key)
    return found


def keep_news(tx: Tx, news: News) -> int:
    """Keeps it; returns how many anomalies are new."""
    no, new = news.workspace_no, list[int]()
    for one in news.changed:
        tx.run(
            "update_anomaly",
            workspace_no=no,
            anomaly_no=one.number,
            details=one.details,
            ended_us=one.ended_us,
        )
    for raised in news.raised:
        added = tx.run(
            "add_anomaly",
            workspace_no=no,
            anomaly_no=raised.number,
            **raised.key._asdict(),
            direction=raised.direction,
            began_us=raised.began_us,
            found_us=raised.found_us,
            details=raised.details,
        )
        if added:
            new.append(raised.number)
    if new:
        workspace = load(tx, no).workspace
        announce_anomalies(tx, workspace, new, now_us=news.raised[0].found_us)
    return len(new)


def acknowledge(
    tx: Tx, workspace_no: int, number: int, *, actor: str, note: str, now_us: int
) -> None:
    """Somebody has seen an anomaly, and says perhaps what it was. Raises NotFound."""
    which = {"workspace_no": workspace_no, "anomaly_no": number}
    if not tx.run("acknowledge_anomaly", **which, actor=actor, note=note, now_us=now_us):
        raise NotFound("there is no such anomaly")


def how_it_stands(workspace_no: int, number: int) -> Any:
    """The look of the audit log: who has seen an anomaly."""

    def look(tx: Tx) -> Any:
        row: Row | None = tx.one("anomaly_by_no", workspace_no=workspace_no, anomaly_no=number)
        return None if row is None else {"acknowledged_by": row[10], "note": row[11]}

    return look
