"""Watching what is listed beside the figures: whether sources were heard, problems came or went, imports moved on,
alerts were raised, and anomalies found.

Nothing of it is shown here; whoever shows a list is told that it is worth asking for again. A mark of a few numbers
is compared, so that a look costs the same however much is listed.
"""

from __future__ import annotations

from typing import Any

from promosight.store.tx import Row, Tx

_COUNTED = 10_000
"""Problems are counted up to here. Where there are more, each word of a source may have brought another one."""


class WatchedLists:
    """The lists of one workspace as they were last seen. One thread looks at a time."""

    def __init__(self, workspace_no: int) -> None:
        self._workspace_no = workspace_no
        self._seen: dict[str, Any] | None = None

    def look(self, tx: Tx) -> set[str]:
        """Which of `sources`, `problems`, `imports`, `alerts`, `anomalies` changed since the look before."""
        before, now = self._seen, self._marks(tx)
        self._seen = now
        if before is None:
            return set()
        changed = {name for name, mark in now.items() if mark != before[name]}
        if "sources" in changed and _is_full(now["problems"]):
            changed.add("problems")
        return changed

    def _marks(self, tx: Tx) -> dict[str, Any]:
        no = self._workspace_no
        return {
            "sources": tx.all("sources", workspace_no=no),
            "problems": tx.one("problems_mark", workspace_no=no, most=_COUNTED),
            "imports": tx.one("imports_mark", workspace_no=no),
            "alerts": tx.one("alerts_mark", workspace_no=no),
            "anomalies": tx.one("anomalies_mark", workspace_no=no),
        }


def _is_full(problems: Row | None) -> bool:
    return problems is not None and _COUNTED in problems[:2]
