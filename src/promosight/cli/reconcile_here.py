"""A store on this machine, asked to reconcile as a server is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from promosight.cli.console import Console
from promosight.cli.fresh_keys import fresh_token
from promosight.client.reconciling import Json
from promosight.connectors.told_events import told_of
from promosight.flows.checking.differences import Compared, answer_of, compare, keep_differences
from promosight.flows.checking.reconciliations import (
    Statement,
    about,
    keep,
    look,
    receipt_named,
)
from promosight.flows.set_up.workspaces import find_source
from promosight.rules.reconciling import Told
from promosight.store.catalogue import Source, load
from promosight.store.engine import Store
from promosight.store.tx import Tx


class Here:
    """A store asked as a server is."""

    def __init__(self, store: Store, console: Console, workspace_no: int) -> None:
        self._store = store
        self._console = console
        self._workspace_no = workspace_no

    def receipts(self, source: str, **query: Any) -> Json:
        """When a day begins and ends here."""

        def ask(tx: Tx) -> Json:
            find_source(tx, self._workspace_no, source)
            return about(load(tx, self._workspace_no), query.get("day"))

        return self._store.read(ask)

    def state(self, source: str, said: Json) -> Json:
        """The receipt of what is said."""
        now_us, name = self._console.clock(), f"rec-{fresh_token()}"
        statement = msgspec.convert(said, Statement)
        looked = self._store.read(
            lambda tx: look(
                tx, self._workspace_no, find_source(tx, self._workspace_no, source), statement
            )
        )
        return self._store.change(
            lambda tx: keep(tx, looked, reconciliation_id=name, made_by="cli", now_us=now_us)
        )

    def compare(
        self, source: str, reconciliation_id: str, buckets: Sequence[int], events: Sequence[Json]
    ) -> Json:
        """The differences in some buckets."""
        no = self._workspace_no

        def asked(tx: Tx) -> tuple[Source, Compared]:
            found, currency = find_source(tx, no, source), load(tx, no).workspace.currency
            receipt = receipt_named(tx, found, reconciliation_id)
            rows = [_told(one, currency) for one in events]
            return found, compare(tx, no, found, receipt, list(buckets), rows)

        found, done = self._store.read(asked)
        now_us = self._console.clock()
        self._store.change(lambda tx: keep_differences(tx, found, done, now_us=now_us))
        answer: Json = msgspec.to_builtins(answer_of(done))
        return answer


def _told(event: Json, currency: str) -> Told:
    told = told_of(event, currency)
    assert isinstance(told, Told), "it was read so before"
    return told
