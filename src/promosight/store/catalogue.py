"""The catalogue: a workspace's settings, sources and promotions, as every flow needs them.

It is read once and kept beside the connection; the workspace's `catalogue_version` tells whether it is
still true. Only what changed is read again.
"""

from __future__ import annotations

from typing import Any

import msgspec

from promosight.errors import NotFound
from promosight.rules.instants import LocalDays
from promosight.rules.promotions import UNKNOWN, Promotion, Terms, terms_of
from promosight.store.tx import Row, Tx


class Workspace(msgspec.Struct, frozen=True):
    """One brand's settings; fields in the order of the statement `workspace`."""

    workspace_no: int
    workspace_id: str
    name: str
    time_zone: str
    currency: str
    week_start: str
    tracking_from_us: int
    sandbox: int
    created_us: int
    catalogue_version: int
    published_import_no: int
    announced: int = 0
    """What its webhooks want to hear of, as bits."""


class Listed(msgspec.Struct, frozen=True):
    """A promotion in the catalogue; `definition` is None while only facts have named it."""

    promotion_no: int
    promotion_id: str
    definition: Promotion | None
    terms: Terms
    created_us: int
    updated_us: int

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes everybody may use: its own, and the one handed out when the pool is empty."""
        if self.definition is None:
            return ()
        both = (self.definition.code, self.definition.fallback_code)
        return tuple(code for code in both if code is not None)


class Source(msgspec.Struct, frozen=True):
    """A system that reports; fields in the order of the statement `sources`."""

    source_no: int
    name: str
    cadence: str
    live_us: int | None
    created_us: int
    last_heard_us: int | None


class Catalogue:
    """Everything a flow looks up by name or number within one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.row: Row = ()
        """The same as it was read."""
        self.days = LocalDays(workspace.time_zone)
        self.by_id: dict[str, Listed] = {}
        self.by_no: dict[int, Listed] = {}
        self.by_code: dict[str, Listed] = {}
        self.known_nos: dict[str, int] = {}
        """The numbers of the promotions that are defined, by id."""
        self.open_nos: dict[str, int] = {}
        """The numbers of those in force: their redemptions are judged by their assignments."""
        self.sources: dict[int, str] = {}
        self.mapped: dict[tuple[str, str, int], int] = {}
        """What words mean that nobody defined: (field, word, source, 0 for any) -> promotion."""
        self.mapped_ids: set[str] = set()
        """Ids of promotions that mean another one, told by some source or any."""
        self.worth: dict[Any, Any] = {}
        """What redemptions were found to be worth, by what decides it: true until a promotion changes."""
        self._defined: list[Listed] | None = None

    @property
    def defined(self) -> list[Listed]:
        """The promotions that are defined, by id; the same list until one of them changes."""
        if self._defined is None:
            nos = self.known_nos
            self._defined = [self.by_no[nos[promotion_id]] for promotion_id in sorted(nos)]
        return self._defined

    def terms(self, promotion_no: int) -> Terms:
        """The terms of a promotion; unknown ones for a number nobody defined."""
        listed = self.by_no.get(promotion_no)
        return UNKNOWN if listed is None else listed.terms

    def meant_by(self, field: str, word: str, source_no: int) -> int | None:
        """The promotion that a word of a source was said to mean."""
        if not self.mapped:
            return None
        own = self.mapped.get((field, word, source_no))
        return self.mapped.get((field, word, 0)) if own is None else own

    def no_of(self, promotion_id: str, source_no: int) -> int:
        """The number of the promotion that a source names by an id, defined or not."""
        listed = self.by_id[promotion_id]
        if promotion_id not in self.mapped_ids or listed.definition is not None:
            return listed.promotion_no
        meant = self.meant_by("promotion_id", promotion_id, source_no)
        return listed.promotion_no if meant is None else meant

    def leads_elsewhere(self, code: str, promotion_no: int) -> Listed | None:
        """Another promotion than this one that the code was said to mean."""
        for (field, word, _), no in self.mapped.items():
            if field == "promo_code" and word == code and no != promotion_no:
                return self.by_no[no]
        return None

    def put(self, listed: Listed) -> None:
        """Adds or replaces a promotion."""
        before = self.by_no.get(listed.promotion_no)
        for code in before.codes if before else ():
            if self.by_code.get(code) is before:
                del self.by_code[code]
        self._defined = None
        self.worth.clear()
        self.by_id[listed.promotion_id] = self.by_no[listed.promotion_no] = listed
        for nos, belongs in (
            (self.known_nos, listed.terms.known),
            (self.open_nos, listed.terms.in_force),
        ):
            if belongs:
                nos[listed.promotion_id] = listed.promotion_no
            else:
                nos.pop(listed.promotion_id, None)
        for code in listed.codes:
            self.by_code[code] = listed


def as_if(
    catalogue: Catalogue, workspace: Workspace, definitions: dict[str, Promotion]
) -> Catalogue:
    """The catalogue as it would be with other settings, and with promotions defined otherwise."""
    thought = Catalogue(workspace)
    thought.sources, thought.mapped = catalogue.sources, catalogue.mapped
    thought.mapped_ids = catalogue.mapped_ids
    for listed in catalogue.by_no.values():
        definition = definitions.get(listed.promotion_id, listed.definition)
        terms = UNKNOWN if definition is None else _terms(workspace, definition)
        thought.put(msgspec.structs.replace(listed, definition=definition, terms=terms))
    return thought


def load(tx: Tx, workspace_no: int) -> Catalogue:
    """The catalogue of a workspace as it is in this transaction. Raises NotFound."""
    row = tx.one("workspace", workspace_no=workspace_no)
    if row is None:
        raise NotFound("there is no such workspace")
    known: Catalogue | None = tx.cache.get(("catalogue", workspace_no))
    if known is not None and known.row == row:
        return known
    workspace = Workspace(*row)
    version = 0
    if known is None or known.workspace.time_zone != workspace.time_zone:
        known = Catalogue(workspace)
    else:
        version = known.workspace.catalogue_version
    if known.workspace.currency != workspace.currency:
        version = 0
    known.workspace, known.row = workspace, row
    known.sources = {row[0]: row[1] for row in tx.all("sources", workspace_no=workspace_no)}
    for row in tx.all("promotions_since", workspace_no=workspace_no, version=version):
        known.put(_listed(workspace, *row))
    mapped = {row[:3]: row[3] for row in tx.all("mappings_in_force", workspace_no=workspace_no)}
    known.mapped = mapped
    known.mapped_ids = {word for field, word, _ in mapped if field == "promotion_id"}
    tx.cache["catalogue", workspace_no] = known
    return known


def workspace_id_of(tx: Tx, workspace_no: int) -> str:
    """The id of a workspace, which never changes: what is remembered of it will do. Raises NotFound."""
    known: Catalogue | None = tx.cache.get(("catalogue", workspace_no))
    return (known or load(tx, workspace_no)).workspace.workspace_id


def _listed(
    workspace: Workspace,
    promotion_no: int,
    promotion_id: str,
    definition: str | None,
    _version: int,
    created_us: int,
    updated_us: int,
) -> Listed:
    if definition is None:
        return Listed(promotion_no, promotion_id, None, UNKNOWN, created_us, updated_us)
    promotion = msgspec.json.decode(definition, type=Promotion)
    terms = _terms(workspace, promotion)
    return Listed(promotion_no, promotion_id, promotion, terms, created_us, updated_us)


def _terms(workspace: Workspace, promotion: Promotion) -> Terms:
    return terms_of(
        promotion,
        tracking_from_us=workspace.tracking_from_us,
        workspace_currency=workspace.currency,
    )
