"""Versions of the policy over HTTP: candidates, promotion when a gain is shown or by hand, and the way back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from promosight.api.auditing import change_noted
from promosight.api.door.bodies import decoded
from promosight.api.door.call import Call
from promosight.api.door.door import Answer, Door
from promosight.api.learned import all_learned
from promosight.errors import Conflict, Invalid, NotFound
from promosight.flows.auditing.as_it_stands import the_policy
from promosight.flows.decisioning.apprentice import ApprenticeMatch, apprentice_match
from promosight.flows.decisioning.candidates import compared, refit_of
from promosight.flows.decisioning.settings import rules_of
from promosight.flows.decisioning.versions import (
    Doing,
    VersionEvent,
    VersionLine,
    add_candidate,
    history,
    note_shown,
    run_version,
    version_lines,
    wanted_settings,
)
from promosight.store.tx import Tx


class NewVersion(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A candidate: the running version with some settings changed, or with all that was learned gone over anew."""

    settings: Annotated[
        dict[str, Any],
        Meta(
            description="Of `objective`, `margin`, `exploration`, `gamma`, `floor`, what is different."
        ),
    ] = {}
    refit: bool = False
    automatic: Annotated[
        bool, Meta(description="Promote it as soon as a gain over the running version is shown.")
    ] = False
    note: str | None = None


class PromoteVersion(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`force` promotes it whatever was shown."""

    force: bool = False
    note: str | None = None


class RollBackVersion(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Why a version is gone back to."""

    note: str | None = None


class Versions(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The versions of the policy, how the apprentice does, and what was done about versions."""

    running: int
    versions: list[VersionLine]
    apprentice: ApprenticeMatch
    history: list[VersionEvent]


def show(door: Door, call: Call) -> Answer:
    """GET /v1/decisioning/versions."""
    return Answer(door.store.read(lambda tx: _versions(tx, call.workspace_no)))


def create(door: Door, call: Call) -> Answer:
    """POST /v1/decisioning/versions."""
    wanted = decoded(call.body, NewVersion)
    if not wanted.settings and not wanted.refit:
        raise Invalid("says nothing that would be different", pointer="/settings")
    number, now_us = call.workspace_no, call.now_us
    refit = None
    if wanted.refit:
        refit = door.store.read(lambda tx: refit_of(tx, number, door.minds, now_us=now_us))
    doing = Doing(who(call), now_us, wanted.note)

    def kept(tx: Tx) -> VersionLine:
        settings = wanted_settings(tx, number, wanted.settings)
        return add_candidate(tx, number, settings, refit, doing, automatic=wanted.automatic)

    return Answer(_noted(door, call, "create", kept), status=201)


async def promote(door: Door, call: Call) -> Answer:
    """POST /v1/decisioning/versions/{version}/promote."""
    wanted = decoded(call.body, PromoteVersion) if call.body else PromoteVersion()
    if not wanted.force:
        await all_learned(door, call)
    return await asyncio.to_thread(_promote, door, call, wanted)


def _promote(door: Door, call: Call, wanted: PromoteVersion) -> Answer:
    number, version, now_us = call.workspace_no, _version(call), call.now_us
    doing = Doing(who(call), now_us, wanted.note, wanted.force)
    if wanted.force:
        return Answer(
            _noted(
                door,
                call,
                "promote",
                lambda tx: run_version(tx, number, version, "promoted", doing),
            )
        )
    found = door.store.read(lambda tx: compared(tx, number, door.minds, version, now_us=now_us))
    door.store.change(lambda tx: note_shown(tx, number, version, found.shown, now_us))
    if not found.better:
        unknown = found.shown.estimate is None
        raise Conflict(
            found.shown.support.words
            if unknown
            else "it is not shown to bring more than the running version; `force` promotes it all the same",
            code="not_enough_support" if unknown else "no_gain_shown",
        )
    doing = doing._replace(shown=found.shown)
    return Answer(
        _noted(
            *(door, call, "promote"),
            lambda tx: run_version(tx, number, version, "promoted", doing, found.running),
        )
    )


def roll_back(door: Door, call: Call) -> Answer:
    """POST /v1/decisioning/versions/{version}/rollback."""
    wanted = decoded(call.body, RollBackVersion) if call.body else RollBackVersion()
    doing = Doing(who(call), call.now_us, wanted.note)
    number, version = call.workspace_no, _version(call)
    return Answer(
        _noted(
            *(door, call, "rollback"),
            lambda tx: run_version(tx, number, version, "rolled_back", doing),
        )
    )


def _noted(door: Door, call: Call, action: str, make: Callable[[Tx], VersionLine]) -> VersionLine:
    look = the_policy(call.workspace_no)
    return change_noted(door, call, f"version.{action}", "decisioning", look, make)


def who(call: Call) -> str:
    """Who calls, as it is kept with what was done."""
    user = call.caller.user
    return f"key {call.caller.key_id}" if user is None else user.email


def _versions(tx: Tx, workspace_no: int) -> Versions:
    return Versions(
        running=rules_of(tx, workspace_no).version,
        versions=version_lines(tx, workspace_no),
        apprentice=apprentice_match(tx, workspace_no),
        history=history(tx, workspace_no),
    )


def _version(call: Call) -> int:
    text = call.path("version")
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise NotFound(f"there is no version {text}")
    return int(text)
