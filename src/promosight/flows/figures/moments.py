"""Moments: what had been set up and published at one, so that figures can be told as they were known then.

Facts are judged by what their promotion was then; the zone, currency and week start of the workspace are those of now.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from promosight.errors import Invalid
from promosight.flows.figures.mapped_then import (
    MappedThen,
    mean_as_then,
    word_of,
    words_changed_since,
)
from promosight.flows.figures.of_promotions import EVER_US, Coverage
from promosight.flows.promotions.manage_promotions import defined
from promosight.flows.promotions.map_words import Mapping, all_mappings
from promosight.rules.instants import format_instant
from promosight.rules.promotions import UNKNOWN, Promotion, terms_of
from promosight.store.catalogue import Catalogue, Listed, Workspace, load
from promosight.store.tx import Tx


class Moment(NamedTuple):
    """A moment, as far as one promotion goes.

    `catalogue` and `listed` are as they were. `changed`: facts were judged by other terms than now. `codes`: until
    when everybody could use each; `lasting_codes` are those of then and now. `held`: an import was running.
    `words`: what moves because words mean something else now.
    """

    known_us: int
    catalogue: Catalogue
    listed: Listed
    changed: bool
    codes: dict[str, int]
    lasting_codes: tuple[str, str]
    published_import_no: int
    held: bool
    coverage: Coverage
    words: MappedThen

    @property
    def workspace(self) -> Workspace:
        """The settings of the workspace, as they are now."""
        return self.catalogue.workspace

    @property
    def known(self) -> dict[str, int]:
        """Which facts had come, as statements are asked."""
        return {"known_us": self.known_us, "published_import_no": self.published_import_no}

    @property
    def facts(self) -> dict[str, int]:
        """The same of the promotion's."""
        return {"promotion_no": self.listed.promotion_no, **self.known}


def moments_of(
    tx: Tx, workspace_no: int, promotion_id: str, known_us: int, *, now_us: int
) -> Moments:
    """A moment that is asked of one promotion. Raises NotFound, or Invalid for one of which nothing can be known."""
    defined(tx, workspace_no, promotion_id)
    return Moments(tx, workspace_no, known_us, now_us=now_us)


class Moments:
    """One moment of a workspace, from which those of its promotions are made. `catalogue` is as it was, `now` as it is.

    `held`: an import was running. Raises Invalid for a moment of which nothing can be known.
    """

    def __init__(self, tx: Tx, workspace_no: int, known_us: int, *, now_us: int) -> None:
        self._tx = tx
        self.known_us = known_us
        self.now = load(tx, workspace_no)
        _check(tx, self.now.workspace, known_us, now_us)
        self._mappings = all_mappings(tx, workspace_no)
        self.catalogue = _catalogue_then(tx, self.now, self._mappings, known_us)
        asked = {"workspace_no": workspace_no, "known_us": known_us}
        published = tx.one("published_then", **asked)
        self._published_no: int = published[0] if published else 0
        held = tx.one("runs_held_then", **asked, published_import_no=self._published_no)
        self.held = held is not None
        self.coverage = Coverage(tx, self.catalogue, known_us=known_us)

    def mapped_otherwise(self) -> set[int]:
        """The promotions that words mean, or meant, whose meaning has changed since."""
        changed = words_changed_since(self._mappings, self.known_us)
        return {one.promotion_no for one in self._mappings if word_of(one) in changed}

    def of(self, promotion_id: str) -> Moment:
        """That of a promotion which somebody has defined by now. Raises Invalid where nobody had by then."""
        now, listed = self.now.by_id[promotion_id], self.catalogue.by_id[promotion_id]
        if listed.definition is None:
            raise Invalid("lies before the promotion was defined", pointer="/as_of")
        words = MappedThen(
            *(self._tx, self.now, self.catalogue, self._mappings, now.promotion_no, self.known_us)
        )
        return Moment(
            self.known_us,
            self.catalogue,
            listed,
            listed.terms != now.terms,
            _codes_by_then(self._tx, listed, now, self.known_us),
            _two(code for code in listed.codes if code in now.codes),
            self._published_no,
            self.held,
            self.coverage,
            words,
        )


def while_an_import_runs(tx: Tx, catalogue: Catalogue, listed: Listed) -> Moment:
    """Now, as what is published knows it: without what a running import holds back."""
    known_us = EVER_US - 1
    mappings = all_mappings(tx, catalogue.workspace.workspace_no)
    return Moment(
        known_us,
        catalogue,
        listed,
        changed=False,
        codes=_codes_by_then(tx, listed, listed, known_us),
        lasting_codes=_two(listed.codes),
        published_import_no=catalogue.workspace.published_import_no,
        held=True,
        coverage=Coverage(tx, catalogue),
        words=MappedThen(tx, catalogue, catalogue, mappings, listed.promotion_no, known_us),
    )


def _two(codes: Iterable[str]) -> tuple[str, str]:
    first, second, *_ = [*codes, "", ""]
    return first, second


def _check(tx: Tx, workspace: Workspace, known_us: int, now_us: int) -> None:
    if known_us > now_us:
        raise Invalid("lies in the future", pointer="/as_of")
    if known_us < workspace.tracking_from_us:
        raise Invalid("lies before the start of tracking", pointer="/as_of")
    if known_us < workspace.created_us:
        raise Invalid("lies before the workspace was made", pointer="/as_of")
    since = tx.one("history_since", workspace_no=workspace.workspace_no)
    if since is not None and known_us < since[0]:
        raise Invalid(
            f"lies before {format_instant(since[0])}, from when on it is kept what was known",
            pointer="/as_of",
        )


def _catalogue_then(tx: Tx, now: Catalogue, mappings: list[Mapping], known_us: int) -> Catalogue:
    """The promotions as they were, beside all else as it is."""
    workspace = now.workspace
    past: dict[int, str | None] = dict(
        tx.all("definitions_then", workspace_no=workspace.workspace_no, known_us=known_us)
    )
    then = Catalogue(workspace)
    then.days, then.sources = now.days, now.sources
    redefined = tx.all("redefined_then", workspace_no=workspace.workspace_no, known_us=known_us)
    updated: dict[int, int] = dict(redefined)
    for no, listed in now.by_no.items():
        if no in past:
            updated_us = updated.get(no, listed.created_us)
            listed = msgspec.structs.replace(listed, updated_us=updated_us)
            listed = _as_defined(workspace, listed, past[no])
        then.put(listed)
    mean_as_then(then, mappings, known_us)
    return then


def _as_defined(workspace: Workspace, listed: Listed, text: str | None) -> Listed:
    if text is None:
        return msgspec.structs.replace(listed, definition=None, terms=UNKNOWN)
    definition = msgspec.json.decode(text, type=Promotion)
    terms = terms_of(
        definition,
        tracking_from_us=workspace.tracking_from_us,
        workspace_currency=workspace.currency,
    )
    return msgspec.structs.replace(listed, definition=definition, terms=terms)


def _codes_by_then(tx: Tx, listed: Listed, now: Listed, known_us: int) -> dict[str, int]:
    """Until when everybody could use each code of the promotion, by then; 0: only later."""
    until = dict.fromkeys(now.codes, 0)
    for until_us, text in tx.all("past_definitions", promotion_no=listed.promotion_no):
        past = msgspec.json.decode(text, type=Promotion)
        for code in filter(None, (past.code, past.fallback_code)):
            if until_us <= known_us:
                until[code] = until_us
            else:
                until.setdefault(code, 0)
    return until | dict.fromkeys(listed.codes, EVER_US)
