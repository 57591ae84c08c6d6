"""How decisioning stands in a workspace: its settings, what was decided so far, what was learned, and what waits."""

from __future__ import annotations

from typing import Any

import msgspec

from promosight.errors import Invalid
from promosight.flows.decisioning.minds import Minds
from promosight.flows.decisioning.settings import rules_of, write_settings
from promosight.rules.decisioning import NOTHING, Settings, check_settings
from promosight.rules.instants import SECOND_US, format_instant
from promosight.rules.known_fields import check_fields
from promosight.rules.misfits import misfit_of
from promosight.store.catalogue import Catalogue, load
from promosight.store.tx import Tx


class _Wire(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An answer has these fields and no others."""


class ModeCount(_Wire):
    """Decisions by who chose: how many, how many with an offer, how many with an assignment made here."""

    mode: str
    decisions: int
    offers: int
    assignments: int
    last_at: str | None


class Standing(_Wire):
    """What was learned, and how far learning is behind: news that wait, and for how long the oldest does.

    `revision` is the latest; `chosen_with` the one that the server that answers decides with, at times a moment behind.
    """

    revision: int
    chosen_with: int
    decisions: int
    redeemed: int
    learned_at: str | None
    waiting: int
    behind_seconds: float


class Decisioning(_Wire):
    """How a workspace decides and how that stands."""

    settings: Settings
    policy_version: str
    decisions: int
    modes: list[ModeCount]
    learned: Standing


def decisioning_of(tx: Tx, workspace_no: int, minds: Minds, *, now_us: int) -> Decisioning:
    """How decisioning stands, where `minds` are what this process decides with."""
    rules = rules_of(tx, workspace_no)
    standing = _standing(tx, workspace_no, minds, now_us)
    modes = [
        ModeCount(mode=mode, decisions=n, offers=offers, assignments=made, last_at=_instant(at_us))
        for mode, n, offers, made, at_us in tx.all("decision_counts", workspace_no=workspace_no)
    ]
    return Decisioning(
        settings=rules.settings,
        policy_version=f"{rules.version}.{standing.revision}",
        decisions=sum(one.decisions for one in modes),
        modes=modes,
        learned=standing,
    )


def unlearned_since(tx: Tx, workspace_no: int) -> int | None:
    """Since when the oldest news wait to be learned, None where none do."""
    row = tx.one("news_waiting", workspace_no=workspace_no)
    since_us: int | None = None if row is None else row[1]
    return since_us


def change_settings(tx: Tx, workspace_no: int, said: dict[str, Any], *, now_us: int) -> None:
    """Changes the settings that are said. Raises Invalid naming the field."""
    check_fields(said, Settings)
    before = msgspec.to_builtins(rules_of(tx, workspace_no).settings)
    try:
        settings = msgspec.convert(before | said, Settings)
    except msgspec.ValidationError as error:
        why = misfit_of(error)
        raise Invalid(why.detail, pointer=why.pointer) from None
    check_settings(settings)
    catalogue = load(tx, workspace_no)
    if settings.fixed is not None:
        _check_offer(
            catalogue, settings.fixed.promotion_id, settings.fixed.tier_id, "/fixed/promotion_id"
        )
    if settings.control_gets != NOTHING:
        _check_offer(catalogue, settings.control_gets, None, "/control_gets")
    if (mark := settings.benchmark) is not None:
        _check_offer(catalogue, mark.promotion_id, mark.tier_id, "/benchmark/promotion_id")
    write_settings(tx, workspace_no, settings, now_us=now_us)


def _check_offer(
    catalogue: Catalogue, promotion_id: str, tier_id: str | None, pointer: str
) -> None:
    listed = catalogue.by_id.get(promotion_id)
    if listed is None or listed.definition is None:
        raise Invalid(f"there is no promotion {promotion_id}", pointer=pointer)
    if tier_id is not None and tier_id not in [t.tier_id for t in listed.definition.tiers]:
        where = pointer.replace("promotion_id", "tier_id")
        raise Invalid(f"the promotion has no tier {tier_id}", pointer=where)


def _standing(tx: Tx, workspace_no: int, minds: Minds, now_us: int) -> Standing:
    chosen_with = minds.revision_of(workspace_no)
    row = tx.one("learned", workspace_no=workspace_no)
    revision, _, decisions, redeemed, at_us = row or (0, "", 0, 0, None)
    waiting = tx.one("news_waiting", workspace_no=workspace_no)
    count, since_us = waiting or (0, None)
    behind = 0.0 if since_us is None else max(0, now_us - since_us) / SECOND_US
    return Standing(
        revision=revision,
        chosen_with=revision if chosen_with is None else chosen_with,
        decisions=decisions,
        redeemed=redeemed,
        learned_at=_instant(at_us),
        waiting=count,
        behind_seconds=round(behind, 3),
    )


def _instant(at_us: int | None) -> str | None:
    return None if at_us is None else format_instant(at_us)
