"""The demo's world in the store: a workspace, and a simulated brand imported as its systems would report it.

The world follows from the workspace's start of tracking and a seed, so nothing of it needs to be kept; an
import that was cut off is simply done again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from multiprocessing import get_context

import msgspec

from promosight.cli.console import Console
from promosight.cli.simulate_command import second_of
from promosight.connectors import definitions, reading
from promosight.errors import NotFound
from promosight.flows.imports.publish import start_import
from promosight.flows.imports.run_import import RunningImport, each_a_piece
from promosight.flows.reporting.intake import Piece
from promosight.flows.set_up.workspaces import (
    NewWorkspace,
    create_source,
    create_workspace,
    find_workspace,
)
from promosight.rules.instants import from_datetime
from promosight.simulate.brand import Brand
from promosight.simulate.settings import World, demo
from promosight.simulate.told import told
from promosight.store.catalogue import Workspace, load
from promosight.store.engine import Store
from promosight.store.tx import Tx

WORKSPACE = "demo"
_SOURCES = {"campaigns": "daily", "checkout": "realtime", "bonus-engine": "daily"}
_LAST = "redemptions of bonus-engine"
_NAMED = re.compile(r"demo, seed (\d+): (.*)")


def settled(store: Store, console: Console, *, seed: int) -> tuple[Workspace, World]:
    """The demo's workspace and world, made on the first call; later `seed` is that of the first."""
    workspace = _workspace(store, console)
    done = _done(store, workspace.workspace_no)
    if _LAST in done:
        return workspace, _world(workspace, done[_LAST])
    world = _world(workspace, seed)
    _import(store, console, workspace, world)
    return workspace, world


def _workspace(store: Store, console: Console) -> Workspace:
    try:
        return store.read(lambda tx: load(tx, find_workspace(tx, WORKSPACE)).workspace)
    except NotFound:
        now_us = console.clock()
        wanted = NewWorkspace(
            workspace_id=WORKSPACE,
            name="Demo",
            time_zone="Europe/Vienna",
            currency="EUR",
            tracking_from_us=from_datetime(demo(second_of(now_us)).starts_at),
            created_us=now_us,
            sandbox=True,  # so that its decisions can be told as of days that have passed
        )
        return store.change(lambda tx: create_workspace(tx, wanted))


def _done(store: Store, workspace_no: int) -> dict[str, int]:
    """The demo's imports that ended well, with the seed of each."""

    def ask(tx: Tx) -> dict[str, int]:
        found = {}
        for row in tx.all("imports", workspace_no=workspace_no):
            named = _NAMED.fullmatch(row[3])
            if named and row[4] == "done":
                found[named[2]] = int(named[1])
        return found

    return store.read(ask)


def _world(workspace: Workspace, seed: int) -> World:
    starts_at: datetime = second_of(workspace.tracking_from_us)
    days = demo(starts_at).days
    return demo(starts_at + timedelta(days=days), seed)


def _import(store: Store, console: Console, workspace: Workspace, world: World) -> None:
    """Imports the world; another process tells its facts meanwhile, which halves the wait."""
    one = _Importing(store, console, workspace, world.seed)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as teller:
        facts = {kind: teller.submit(told, world, kind) for kind in ("assignments", "redemptions")}
        brand = Brand(world)
        one.run("promotions", "campaigns", map(msgspec.json.encode, brand.promotions()))
        one.run("customers", "campaigns", map(msgspec.json.encode, brand.customers()))
        for kind, telling in facts.items():
            for source, lines in sorted(telling.result().items(), reverse=True):
                one.run(kind, source, lines)


class _Importing:
    """Imports records through the door that files come by."""

    def __init__(self, store: Store, console: Console, workspace: Workspace, seed: int) -> None:
        self._store = store
        self._console = console
        self._workspace = workspace
        self._seed = seed

    def run(self, kind: str, source: str, lines: Iterable[bytes]) -> None:
        """Imports what one source reports of one kind."""
        workspace_no, now_us = self._workspace.workspace_no, self._console.clock()
        cadence = _SOURCES[source]
        found = self._store.change(
            lambda tx: create_source(tx, workspace_no, source, cadence, now_us=now_us)
        )
        what = f"{kind} of {source}"
        running = RunningImport(
            self._store,
            lambda tx: start_import(
                tx,
                workspace_no,
                found.source_no,
                kind=kind,
                name=f"demo, seed {self._seed}: {what}",
                now_us=now_us,
            ),
            workspace_no=workspace_no,
            source_no=found.source_no,
            kind=kind,
            clock=self._console.clock,
        )
        with self._console.bar(what, total=None, unit=" rows") as bar:
            for done in running.take(source, self._pieces(kind, lines)):
                bar.reach(done)
        running.finish()

    def _pieces(self, kind: str, lines: Iterable[bytes]) -> Iterator[Piece]:
        if kind in ("promotions", "customers"):
            return each_a_piece(enumerate(definitions.read_ndjson(kind, lines), start=1))
        taking = reading.Reading(
            received_us=self._console.clock(), tracking_from_us=self._workspace.tracking_from_us
        )
        return reading.ndjson_pieces(kind, lines, taking)
