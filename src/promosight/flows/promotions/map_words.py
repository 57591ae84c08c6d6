"""Mappings: somebody says what a word means that events name and nobody defined; it is kept who and when, and may end.

What waits for the word counts by itself in the same transaction, and what comes later is placed as it comes. A mapping
says nothing of a word that means something already: that is refused, as is defining afterwards what contradicts it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from promosight.errors import Conflict, Invalid, NotFound
from promosight.flows.ledger.naming import EVERYTHING, next_version
from promosight.flows.ledger.restating import Cause, Restating
from promosight.flows.promotions.manage_promotions import defined
from promosight.flows.promotions.move_told import move_told
from promosight.rules.instants import format_instant
from promosight.store.catalogue import Catalogue, load
from promosight.store.tx import Tx

FIELDS = ("promotion_id", "promo_code")
"""Where words are told."""


class Mapping(msgspec.Struct, frozen=True):
    """A mapping; fields in the order of the statement `mappings`."""

    mapping_no: int
    mapping_id: str
    field: str
    word: str
    source_no: int
    promotion_no: int
    created_us: int
    created_by: str
    ended_us: int | None
    ended_by: str | None


class WantedMapping(msgspec.Struct, frozen=True):
    """What a word told in a field, by a source or any, is to mean."""

    field: str
    word: str
    source: str | None
    promotion_id: str


def create_mapping(
    tx: Tx, workspace_no: int, mapping_id: str, wanted: WantedMapping, *, actor: str, now_us: int
) -> tuple[dict[str, Any], bool]:
    """A mapping, and whether it is new. What waits for it counts. Raises Invalid, NotFound, Conflict."""
    if wanted.field not in FIELDS:
        raise Invalid("must be one of " + ", ".join(FIELDS), pointer="/field")
    tx.lock(workspace_no, EVERYTHING)
    defined(tx, workspace_no, wanted.promotion_id)
    catalogue = load(tx, workspace_no)
    promotion_no = catalogue.by_id[wanted.promotion_id].promotion_no
    source_no = _source_no(catalogue, wanted.source)
    there = catalogue.mapped.get((wanted.field, wanted.word, source_no))
    if there == promotion_no:
        return _described(catalogue, _in_force(tx, catalogue, wanted, source_no), moved=0), False
    if there is not None:
        also = catalogue.by_no[there].promotion_id
        raise Conflict(
            f"{wanted.word} was said to mean {also}; end that mapping first",
            code="mapped",
            pointer="/word",
        )
    _check_free(tx, catalogue, wanted)
    tx.run(
        "add_mapping",
        workspace_no=workspace_no,
        mapping_id=mapping_id,
        field=wanted.field,
        word=wanted.word,
        source_no=source_no,
        promotion_no=promotion_no,
        now_us=now_us,
        actor=actor,
    )
    catalogue = _changed(tx, workspace_no)
    moved = _moved(tx, catalogue, wanted, promotion_no, "mapped", now_us)
    return _described(catalogue, _in_force(tx, catalogue, wanted, source_no), moved=moved), True


def end_mapping(tx: Tx, workspace_no: int, mapping_id: str, *, actor: str, now_us: int) -> None:
    """Ends a mapping: what counted by it waits again. Raises NotFound, also of one that has ended."""
    tx.lock(workspace_no, EVERYTHING)
    one = _find(tx, workspace_no, mapping_id)
    if one is None or one.ended_us is not None:
        raise NotFound(f"there is no mapping {mapping_id} in force")
    tx.run("end_mapping", mapping_no=one.mapping_no, now_us=now_us, actor=actor)
    catalogue = _changed(tx, workspace_no)
    listed = catalogue.by_no[one.promotion_no]
    wanted = WantedMapping(one.field, one.word, None, listed.promotion_id)
    _moved(tx, catalogue, wanted, one.promotion_no, "unmapped", now_us)


def list_mappings(tx: Tx, workspace_no: int) -> list[dict[str, Any]]:
    """All mappings, those that ended too, the newest first."""
    catalogue = load(tx, workspace_no)
    return [_described(catalogue, one) for one in all_mappings(tx, workspace_no)]


def mapping_in_force(tx: Tx, workspace_no: int, mapping_id: str) -> dict[str, Any] | None:
    """What a mapping says; None before and afterwards."""
    one = _find(tx, workspace_no, mapping_id)
    if one is None or one.ended_us is not None:
        return None
    said = _described(load(tx, workspace_no), one)
    return {name: said[name] for name in ("field", "word", "source", "promotion_id")}


def all_mappings(tx: Tx, workspace_no: int) -> list[Mapping]:
    """All mappings as they are kept, the newest first."""
    return [Mapping(*row) for row in tx.all("mappings", workspace_no=workspace_no)]


def _find(tx: Tx, workspace_no: int, mapping_id: str) -> Mapping | None:
    return next(
        (one for one in all_mappings(tx, workspace_no) if one.mapping_id == mapping_id), None
    )


def _in_force(tx: Tx, catalogue: Catalogue, wanted: WantedMapping, source_no: int) -> Mapping:
    its = (wanted.field, wanted.word, source_no)
    return next(
        one
        for one in all_mappings(tx, catalogue.workspace.workspace_no)
        if one.ended_us is None and (one.field, one.word, one.source_no) == its
    )


def _source_no(catalogue: Catalogue, source: str | None) -> int:
    if source is None:
        return 0
    for no, name in catalogue.sources.items():
        if name == source:
            return no
    raise NotFound(f"there is no source {source}", pointer="/source")


def _check_free(tx: Tx, catalogue: Catalogue, wanted: WantedMapping) -> None:
    """Raises Conflict where the word means something already, or nothing would count by what it is to mean."""
    word, terms = wanted.word, catalogue.by_id[wanted.promotion_id].terms
    if not terms.in_force:
        raise Conflict(
            f"{wanted.promotion_id} is a draft or ended before tracking: its redemptions are refused",
            code="not_in_force",
            pointer="/promotion_id",
        )
    if wanted.field == "promo_code":
        asked = {"workspace_no": catalogue.workspace.workspace_no}
        if word in catalogue.by_code or tx.all_for("code_samples", [(word,)], **asked):
            raise Conflict(
                f"{word} is a code of a promotion already", code="code_taken", pointer="/word"
            )
        return
    listed = catalogue.by_id.get(word)
    if listed is None:
        return
    if listed.definition is not None:
        raise Conflict(
            f"{word} is a promotion of its own", code="promotion_exists", pointer="/word"
        )
    if tx.one("is_assigned", promotion_no=listed.promotion_no) is not None:
        raise Conflict(
            f"assignments wait under {word} as well: define it as a promotion",
            code="assignments_wait",
            pointer="/word",
        )


def _changed(tx: Tx, workspace_no: int) -> Catalogue:
    next_version(tx, workspace_no)
    return load(tx, workspace_no)


def _moved(
    tx: Tx,
    catalogue: Catalogue,
    wanted: WantedMapping,
    promotion_no: int,
    kind: str,
    now_us: int,
) -> int:
    restating = Restating(catalogue, now_us, Cause(kind, 0, wanted.word))
    moved = move_told(tx, catalogue, wanted.field, wanted.word, promotion_no, restating)
    restating.write(tx)
    return moved


def _described(catalogue: Catalogue, one: Mapping, **more: int) -> dict[str, Any]:
    return {
        "mapping_id": one.mapping_id,
        "field": one.field,
        "word": one.word,
        "source": catalogue.sources.get(one.source_no),
        "promotion_id": catalogue.by_no[one.promotion_no].promotion_id,
        "created_at": format_instant(one.created_us),
        "created_by": one.created_by,
        "ended_at": None if one.ended_us is None else format_instant(one.ended_us),
        "ended_by": one.ended_by,
        **more,
    }
