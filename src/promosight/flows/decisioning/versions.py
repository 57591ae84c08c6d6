"""Versions of the policy: candidates, which of them runs, how it came to run, and the way back.

A version is how much is tried, what is aimed at, and perhaps a refit of what was learned. What else is set (the mode
and its fixed offer, the control group, caps) belongs to the workspace and stays when versions change, so that a switch
which somebody has thrown is never thrown back by a promotion. Everything that is done is kept, with who did it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from promosight.errors import Conflict, Invalid, NotFound
from promosight.flows.decisioning.estimates import PolicyDifference, Shown
from promosight.flows.decisioning.settings import Rules, rules_of, write_settings
from promosight.flows.decisioning.version_state import go_over, state_of
from promosight.rules.decisioning import Settings, check_settings
from promosight.rules.instants import DAY_US, format_instant, zone
from promosight.rules.known_fields import check_fields
from promosight.rules.misfits import misfit_of
from promosight.store.races import LostRace
from promosight.store.tx import Tx

POLICY = ("objective", "margin", "exploration", "gamma", "floor")
"""The settings that belong to a version."""
_HISTORY = 200
_WORTH_A_REFIT = 1_000
_AT_NIGHT = 3


class VersionLine(Shown):
    """A version: `candidate`, `running` or `retired`. `shown` is what it was last estimated to bring more per decision
    than the version that ran then."""

    version: int
    state: str
    origin: str
    note: str | None
    settings: dict[str, Any]
    by: str
    created_at: str
    promoted_at: str | None
    retired_at: str | None
    automatic: bool
    shown: PolicyDifference | None
    shown_at: str | None


class VersionEvent(Shown):
    """Something done about a version: `created`, `promoted`, `rolled_back` or `settings` (changed while it ran)."""

    at: str
    version: int
    action: str
    by: str
    forced: bool
    note: str | None
    difference: PolicyDifference | None


class Doing(NamedTuple):
    """Who does something about versions, when, and why."""

    by: str
    now_us: int
    note: str | None = None
    forced: bool = False
    shown: PolicyDifference | None = None


class Waiting(NamedTuple):
    """A candidate that may be promoted by itself, and when it was last compared."""

    workspace_no: int
    version: int
    shown_us: int | None


class Candidate(NamedTuple):
    """A version that might run."""

    version: int
    settings: Settings
    refit: bool


def ensure_running(tx: Tx, workspace_no: int, now_us: int) -> Rules:
    """The rules that run, kept as a version and as the workspace's settings from here on."""
    rules = rules_of(tx, workspace_no)
    if tx.one("decisioning", workspace_no=workspace_no) is None:
        write_settings(tx, workspace_no, rules.settings, now_us=now_us)
    _add(tx, workspace_no, rules.version, "first", rules.settings, None, None, now_us, now_us)
    return rules


def wanted_settings(tx: Tx, workspace_no: int, said: dict[str, Any]) -> Settings:
    """The settings that run with what is said changed. Raises Invalid naming the field."""
    before = msgspec.to_builtins(rules_of(tx, workspace_no).settings)
    check_fields(said, Settings, where="/settings")
    for name in said:
        if name not in POLICY:
            why = "belongs to no version: it is set by PATCH /v1/decisioning"
            raise Invalid(why, pointer=f"/settings/{name}")
    try:
        settings = msgspec.convert(before | said, Settings)
        check_settings(settings)
    except msgspec.ValidationError as error:
        unfit = misfit_of(error)
        raise Invalid(unfit.detail, pointer=f"/settings{unfit.pointer}") from None
    except Invalid as error:
        raise Invalid(error.detail, pointer=f"/settings{error.pointer or ''}") from None
    return settings


def add_candidate(
    tx: Tx,
    workspace_no: int,
    settings: Settings,
    refit: str | None,
    doing: Doing,
    *,
    automatic: bool,
) -> VersionLine:
    """Keeps a candidate. Without a refit of its own it has that of the running version."""
    running = ensure_running(tx, workspace_no, doing.now_us)
    row = tx.one("latest_version", workspace_no=workspace_no)
    version = max(running.version, 0 if row is None or row[0] is None else row[0]) + 1
    state = state_of(tx, workspace_no, running.version) if refit is None else refit
    origin = "settings" if refit is None else "refit"
    if not _add(
        tx, workspace_no, version, origin, settings, state, doing, doing.now_us, None, automatic
    ):
        raise LostRace
    _note(tx, workspace_no, version, "created", doing)
    return version_line(tx, workspace_no, version)


def candidate_of(tx: Tx, workspace_no: int, version: int) -> Candidate:
    """A version that could run, with the settings it would run with. Raises NotFound."""
    running = rules_of(tx, workspace_no)
    for row in tx.all("versions", workspace_no=workspace_no):
        if row[0] == version:
            kept = msgspec.json.decode(row[3], type=Settings)
            return Candidate(version, _laid_over(running.settings, kept), bool(row[11]))
    raise NotFound(f"there is no version {version}")


def run_version(
    tx: Tx, workspace_no: int, version: int, action: str, doing: Doing, expected: int | None = None
) -> VersionLine:
    """A version runs from this commit on. Raises NotFound, or Conflict where it runs already or another came first."""
    candidate = candidate_of(tx, workspace_no, version)
    running = ensure_running(tx, workspace_no, doing.now_us)
    if running.version == version:
        raise Conflict(f"version {version} runs already", code="already_running")
    if expected is not None and running.version != expected:
        raise Conflict("another version was promoted meanwhile", code="version_changed")
    text = msgspec.json.encode(candidate.settings).decode()
    now_us, before = doing.now_us, running.version
    if not tx.run(
        "run_version",
        workspace_no=workspace_no,
        version=version,
        settings=text,
        now_us=now_us,
        before=before,
    ):
        raise LostRace
    go_over(
        tx,
        workspace_no,
        state_of(tx, workspace_no, before),
        state_of(tx, workspace_no, version),
        now_us,
    )
    ended = msgspec.json.encode(running.settings).decode()
    tx.run(
        "retire_version", workspace_no=workspace_no, version=before, settings=ended, now_us=now_us
    )
    tx.run("promote_version", workspace_no=workspace_no, version=version, now_us=now_us)
    _note(tx, workspace_no, version, action, doing)
    return version_line(tx, workspace_no, version)


def waiting_versions(tx: Tx) -> list[Waiting]:
    """The candidates of all workspaces that may be promoted by themselves."""
    return [Waiting(*row) for row in tx.all("waiting_versions")]


def refit_due(tx: Tx, *, now_us: int) -> list[int]:
    """The workspaces in which a refit is worth making now: it is night there, and something was learned since."""
    rows = tx.all("refits_due", before_us=now_us - DAY_US // 2, least=_WORTH_A_REFIT)
    now = datetime.fromtimestamp(now_us / 1_000_000, UTC)
    return [no for no, name in rows if now.astimezone(zone(name)).hour == _AT_NIGHT]


def give_up(tx: Tx, workspace_no: int, by: str, doing: Doing) -> None:
    """Retires the candidates that somebody made and that were never promoted."""
    tx.run("give_up_versions", workspace_no=workspace_no, made_by=by, now_us=doing.now_us)


def note_shown(
    tx: Tx, workspace_no: int, version: int, shown: PolicyDifference, now_us: int
) -> None:
    """Keeps how a candidate was seen to do."""
    text = msgspec.json.encode(shown).decode()
    tx.run("show_version", workspace_no=workspace_no, version=version, shown=text, now_us=now_us)


def note_settings(tx: Tx, workspace_no: int, said: list[str], doing: Doing) -> None:
    """Keeps that settings were changed while a version ran."""
    version = rules_of(tx, workspace_no).version
    _note(tx, workspace_no, version, "settings", doing._replace(note=", ".join(sorted(said))))


def version_line(tx: Tx, workspace_no: int, version: int) -> VersionLine:
    """One version. Raises NotFound."""
    for one in version_lines(tx, workspace_no):
        if one.version == version:
            return one
    raise NotFound(f"there is no version {version}")


def version_lines(tx: Tx, workspace_no: int) -> list[VersionLine]:
    """All versions, the newest first; the first runs before anybody has made another."""
    running = rules_of(tx, workspace_no)
    found = [_line(row, running) for row in tx.all("versions", workspace_no=workspace_no)]
    if not found:
        settings = msgspec.json.encode(running.settings).decode()
        found = [
            _line(
                (running.version, "first", None, settings, "", 0, 0, 0, None, None, None), running
            )
        ]
    return found


def history(tx: Tx, workspace_no: int) -> list[VersionEvent]:
    """What was done about versions, the latest first."""
    return [
        VersionEvent(
            at=format_instant(at_us),
            version=version,
            action=action,
            by=by,
            forced=bool(forced),
            note=note,
            difference=_difference(shown),
        )
        for at_us, version, action, by, forced, note, shown in tx.all(
            "version_history", workspace_no=workspace_no, limit=_HISTORY
        )
    ]


def _line(row: tuple[Any, ...], running: Rules) -> VersionLine:
    (
        version,
        origin,
        note,
        text,
        by,
        automatic,
        created_us,
        promoted_us,
        retired_us,
        shown,
        shown_us,
        *_,
    ) = row
    runs = version == running.version
    settings = running.settings if runs else msgspec.json.decode(text, type=Settings)
    candidate = promoted_us is None and retired_us is None
    return VersionLine(
        version=version,
        state="running" if runs else "candidate" if candidate else "retired",
        origin=origin,
        note=note,
        settings={name: getattr(settings, name) for name in POLICY},
        by=by or "",
        created_at=format_instant(created_us),
        promoted_at=None if promoted_us is None else format_instant(promoted_us),
        retired_at=None if retired_us is None or runs else format_instant(retired_us),
        automatic=bool(automatic),
        shown=_difference(shown),
        shown_at=None if shown_us is None else format_instant(shown_us),
    )


def _difference(text: str | None) -> PolicyDifference | None:
    return None if text is None else msgspec.json.decode(text, type=PolicyDifference)


def _laid_over(running: Settings, version: Settings) -> Settings:
    """A version's settings with all else as it is set now."""
    own = {name: getattr(version, name) for name in POLICY}
    laid: Settings = msgspec.structs.replace(running, **own)
    return laid


def _add(
    tx: Tx,
    workspace_no: int,
    version: int,
    origin: str,
    settings: Settings,
    state: str | None,
    doing: Doing | None,
    now_us: int,
    promoted_us: int | None,
    automatic: bool = False,
) -> int:
    row = tx.one("learned_revision", workspace_no=workspace_no)
    return tx.run(
        "add_version",
        workspace_no=workspace_no,
        version=version,
        origin=origin,
        note=None if doing is None else doing.note,
        settings=msgspec.json.encode(settings).decode(),
        revision=0 if row is None else row[0],
        state=state,
        created_us=now_us,
        promoted_us=promoted_us,
        made_by="" if doing is None else doing.by,
        automatic=int(automatic),
    )


def _note(tx: Tx, workspace_no: int, version: int, action: str, doing: Doing) -> None:
    if not tx.run(
        "note_version",
        workspace_no=workspace_no,
        now_us=doing.now_us,
        version=version,
        action=action,
        made_by=doing.by,
        forced=int(doing.forced),
        note=doing.note,
        shown=None if doing.shown is None else msgspec.json.encode(doing.shown).decode(),
    ):
        raise LostRace
