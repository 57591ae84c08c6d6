"""Mappings over HTTP: what a word means that events name and nobody defined."""

from __future__ import annotations

import msgspec

from promosight.api.auditing import change_noted
from promosight.api.door.bodies import decoded, identified
from promosight.api.door.call import Call
from promosight.api.door.cursors import page_of
from promosight.api.door.door import Answer, Door
from promosight.flows.auditing.as_it_stands import the_mapping
from promosight.flows.promotions.map_words import (
    WantedMapping,
    create_mapping,
    end_mapping,
    list_mappings,
)


class NewMapping(msgspec.Struct):
    """`word`, told in `field` (promotion_id, promo_code), means this promotion: from one source, or from any (null)."""

    field: str
    word: str
    promotion_id: str
    source: str | None = None


def listing(door: Door, call: Call) -> Answer:
    """GET /v1/mappings."""
    found = door.store.read(lambda tx: list_mappings(tx, call.workspace_no))
    return Answer(page_of(call, found, "mapping_id"))


def create(door: Door, call: Call) -> Answer:
    """POST /v1/mappings: what waits for the word counts in the same transaction; 200 where it is there already."""
    body, named = decoded(call.body, NewMapping), f"map_{door.fresh(9)}"
    wanted = WantedMapping(
        field=body.field,
        word=identified(body.word, "/word"),
        source=body.source,
        promotion_id=identified(body.promotion_id, "/promotion_id"),
    )
    made, is_new = change_noted(
        *(door, call, "mapping.create", named, the_mapping(call.workspace_no, named)),
        lambda tx: create_mapping(
            tx, call.workspace_no, named, wanted, actor=call.caller.name, now_us=call.now_us
        ),
    )
    return Answer(made, 201 if is_new else 200)


def end(door: Door, call: Call) -> Answer:
    """DELETE /v1/mappings/{mapping_id}: what counted by it waits again."""
    named = call.path("mapping_id")
    change_noted(
        *(door, call, "mapping.end", named, the_mapping(call.workspace_no, named)),
        lambda tx: end_mapping(
            tx, call.workspace_no, named, actor=call.caller.name, now_us=call.now_us
        ),
    )
    return Answer(status=204)
