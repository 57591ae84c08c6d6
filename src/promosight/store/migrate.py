"""Forward migrations: each file of `schema/` is applied once, in order, and must not change afterwards."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from hashlib import sha256
from importlib.resources import files

from promosight.errors import StoreError
from promosight.store.database import Database
from promosight.store.tx import Tx

_LOCK_WORKSPACE = 0


def migrate(
    db: Database, *, now_us: int, only: Collection[str] | None = None, create: bool = True
) -> None:
    """Brings the schema up to date, or to what it was when `only` these files were there.

    Raises StoreError when the store is newer than this program, goes away meanwhile, or is not there and is not to be
    made: whoever named the wrong database is told so, and nothing is left in it.
    """
    tx = db.connect(write=True)
    try:
        db.begin(tx, write=True)
        tx.lock(_LOCK_WORKSPACE, [0])
        _apply(db, tx, now_us, only, create=create)
        db.end(tx, commit=True)
    except Exception as error:
        told = db.give_up(error)
        if told is error:
            raise
        raise told from error
    finally:
        db.close(tx)


def _apply(
    db: Database, tx: Tx, now_us: int, only: Collection[str] | None, *, create: bool
) -> None:
    tx.run("create_schema_version")
    there: dict[str, str] = dict(tx.all("schema_versions"))
    if not there and not create:
        raise StoreError("there is no store in this database: run `promosight init` first")
    wanted = {
        path.name: path.read_text()
        for path in files("promosight.store").joinpath("schema").iterdir()
    }
    if unknown := sorted(there.keys() - wanted.keys()):
        raise StoreError(f"the store has schema {unknown[-1]}, newer than this program; upgrade it")
    if only is not None and (unknown := sorted(set(only) - wanted.keys())):
        raise StoreError(f"it has schema {unknown[-1]}, newer than this program; upgrade it")
    for name, text in sorted(wanted.items()):
        if only is not None and name not in only:
            continue
        digest = sha256(text.encode()).hexdigest()
        if name not in there:
            db.script(tx, _without_comments(text))
            tx.run("add_schema_version", name=name, digest=digest, applied_us=now_us)
        elif there[name] != digest:
            raise StoreError(f"schema file {name} changed after it was applied")


def unknown(tx: Tx) -> list[str]:
    """The schema files that were applied and that this program does not have: a newer one was here."""
    return [name for name in applied(tx) if name not in _files()]


@cache
def _files() -> frozenset[str]:
    return frozenset(path.name for path in files("promosight.store").joinpath("schema").iterdir())


def applied(tx: Tx) -> list[str]:
    """The schema files that were applied, in order."""
    return sorted(row[0] for row in tx.all("schema_versions"))


def _without_comments(text: str) -> str:
    return "\n".join(line.split("--")[0].rstrip() for line in text.splitlines())
