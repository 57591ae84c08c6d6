"""How a workspace decides: its settings, which version of the policy runs, and how far learning is."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from promosight.rules.decisioning import Settings
from promosight.store.tx import Tx

FIRST_VERSION = 1


class Rules(NamedTuple):
    """Settings and the version they belong to."""

    settings: Settings
    version: int


_DEFAULT = Rules(Settings(), FIRST_VERSION)


def rules_of(tx: Tx, workspace_no: int) -> Rules:
    """How a workspace decides as of this transaction."""
    row = tx.one("decisioning", workspace_no=workspace_no)
    if row is None:
        return _DEFAULT
    known = tx.cache.get(("rules", workspace_no))
    if known is None or known[0] != row:
        settings = msgspec.json.decode(row[0], type=Settings)
        known = tx.cache["rules", workspace_no] = row, Rules(settings, row[1])
    found: Rules = known[1]
    return found


def write_settings(tx: Tx, workspace_no: int, settings: Settings, *, now_us: int) -> Rules:
    """Keeps settings that were checked."""
    version = rules_of(tx, workspace_no).version
    tx.run(
        "set_decisioning",
        workspace_no=workspace_no,
        settings=msgspec.json.encode(settings).decode(),
        version=version,
        now_us=now_us,
    )
    return rules_of(tx, workspace_no)
