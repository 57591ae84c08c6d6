"""The floor of single events: the bare handler, which writes each event down as a row before it answers.

What is in it beyond `bench.bare_handler`: the body decoded into the fields of the bare table (`bench.floor_rows`),
its row added to that table and its two unique indexes unless it is there already (`bench.floor_tables`), and a
durable commit. What it does not do: ask for a key, check or match anything, count. Requests that wait at the same
moment share a transaction, which begins once a round of the loop has brought no more of them, and runs on the loop:
to hand it to a thread costs more than it spares.

Run as `python -m bench.row_handler PORT DRIVER TARGET`, where DRIVER and TARGET are those of `bench.floor.Plan`.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from bench.bare_handler import answer, serve, whole
from bench.floor_rows import Row, decoded
from bench.floor_tables import DRIVERS, Table

_KIND = "redemptions"


class Together:
    """Rows that wait for the next commit, each with the request that waits for it."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._rows: list[Row] = []
        self._waiting: list[asyncio.Future[None]] = []

    def added(self, row: Row) -> asyncio.Future[None]:
        """Is done after the row's commit."""
        loop = asyncio.get_running_loop()
        if not self._rows:
            loop.call_soon(self._gather, loop, 1)
        self._rows.append(row)
        waits = loop.create_future()
        self._waiting.append(waits)
        return waits

    def _gather(self, loop: asyncio.AbstractEventLoop, seen: int) -> None:
        if len(self._rows) > seen:
            loop.call_soon(self._gather, loop, len(self._rows))
            return
        rows, self._rows = self._rows, []
        waiting, self._waiting = self._waiting, []
        self._table.add_missing(_KIND, rows)
        for one in waiting:
            one.set_result(None)


def application(together: Together) -> Any:
    """Answers each event after its commit, and what has no body at once."""

    async def answering(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        if body := await whole(receive):
            await together.added(decoded(_KIND, [body])[0])
        await answer(send)

    return answering


def main() -> None:
    """Serves until it is stopped."""
    port, driver, target = sys.argv[1:]
    serve(application(Together(DRIVERS[driver](target))), int(port))


if __name__ == "__main__":
    main()
