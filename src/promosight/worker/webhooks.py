"""Sending what webhooks want to be told: one thread of each server process, and a loop of its own in it.

Whatever waits for a receiver waits on that loop, so that a slow one holds up nobody: not the other receivers, nor
the server. Each webhook has a few messages under way, one that fails has one. The loop asks the store for more when one
has ended; while there is no webhook, that is one question every two seconds.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from operator import attrgetter

from promosight.flows.webhooks.telling import (
    Due,
    Enabled,
    Outgoing,
    Sent,
    do_work,
    find_work,
    forget_old,
    note_attempts,
    written,
)
from promosight.rules.instants import HOUR_US, SECOND_US
from promosight.rules.webhooks import Attempt, signatures
from promosight.store.engine import Store
from promosight.store.tx import Tx
from promosight.worker.posting import Post, post

_AT_ONCE, _AT_ONCE_WHILE_FAILING = 16, 1
"""So many messages to one webhook are under way."""
_ALL_AT_ONCE = 256
_LOOKS_EVERY_S, _LOOKS_EVERY_S_FOR_NOBODY = 0.5, 2.0
_RESTS_S = 0.02
_FORGETS_EVERY_US = HOUR_US
_LEAVES_AFTER_S = 5
"""When the server is stopped, what is under way has so long to end. What has not is sent again by somebody else."""
_log = logging.getLogger("promosight")


class WebhookWorker:
    """The thread that tells webhooks, until `stop`. `chance` gives numbers from 0 to 1; `name` is nobody else's."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], int],
        chance: Callable[[], float],
        name: str,
        private: bool = False,
    ) -> None:
        self._store = store
        self._clock = clock
        self._chance = chance
        self._name = name
        self._private = private
        self._claims = 0
        self._sent: list[Sent] = []
        self._under_way: Counter[int] = Counter()
        self._forgot_us = 0
        self._for_nobody = True
        self._failed = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="promosight-webhooks", daemon=True)

    def start(self) -> None:
        """Begins, also with what an earlier server left."""
        self._thread.start()

    def stop(self) -> None:
        """Ends, a moment after what is under way has had its chance."""
        self._stopping.set()
        self._thread.join()

    def once(self) -> int:
        """Sends all that is due by now, and notes what came of it; how much that was."""
        count = 0
        while True:
            outgoing, more = self._turn()
            if not outgoing and not more:
                return count
            count += len(outgoing)
            asyncio.run(self._send_all(outgoing))

    async def _send_all(self, outgoing: list[Outgoing]) -> None:
        await asyncio.gather(*map(self._send, outgoing))

    def _work(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        tasks: set[asyncio.Task[None]] = set()
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()

        def forget(task: asyncio.Task[None]) -> None:
            tasks.discard(task)
            ended.set()

        with ThreadPoolExecutor(1, "promosight-webhooks-store") as store:
            while not self._stopping.is_set():
                ended.clear()
                outgoing, more = await loop.run_in_executor(store, self._guarded_turn)
                for one in outgoing:
                    task = asyncio.create_task(self._send(one))
                    tasks.add(task)
                    task.add_done_callback(forget)
                await self._rest(ended, more=more)
            if tasks:
                await asyncio.wait(tasks, timeout=_LEAVES_AFTER_S)
            for task in tasks:
                task.cancel()
            await loop.run_in_executor(store, self._guarded, self._note)

    async def _rest(self, ended: asyncio.Event, *, more: bool) -> None:
        """Waits until there may be something to do; a little in any case, so that several ends are noted together."""
        await asyncio.sleep(_RESTS_S)
        until = time.monotonic() + (
            0 if more else _LOOKS_EVERY_S_FOR_NOBODY if self._for_nobody else _LOOKS_EVERY_S
        )
        while not (self._stopping.is_set() or ended.is_set() or time.monotonic() >= until):
            try:
                async with asyncio.timeout(0.25):
                    await ended.wait()
            except TimeoutError:
                continue

    def _guarded_turn(self) -> tuple[list[Outgoing], bool]:
        found: list[tuple[list[Outgoing], bool]] = []
        self._guarded(lambda: found.append(self._turn()))
        return found[0] if found else ([], False)

    def _guarded(self, action: Callable[[], None]) -> None:
        """Does something; a failure is said once, and the next turn tries again."""
        try:
            action()
            self._failed = False
        except Exception as error:  # noqa: BLE001 - there is nobody else to tell
            if not self._failed and not self._stopping.is_set():
                _log.error("webhooks cannot be told", exc_info=error)
            self._failed = True

    def _turn(self) -> tuple[list[Outgoing], bool]:
        """Notes what has ended, and finds what is to be sent; whether there may be more right away."""
        now_us, sent = self._clock(), list(self._sent)
        under_way = dict(self._under_way)
        room = partial(_room, under_way)
        work = self._store.read(partial(find_work, room=room, now_us=now_us))
        left = max(0, _ALL_AT_ONCE - sum(under_way.values()))
        work = work._replace(due=sorted(work.due, key=attrgetter("due_us"))[:left])
        self._for_nobody = not work.webhooks
        self._forget(now_us)
        if not (work.is_any or sent):
            return [], False
        self._claims += 1
        claim = f"{self._name}-{self._claims}"

        def change(tx: Tx) -> list[Due]:
            note_attempts(tx, sent, self._chance, now_us=now_us)
            return do_work(tx, work, claim, now_us=now_us)

        due = self._store.change(change)
        del self._sent[: len(sent)]
        outgoing = self._store.read(partial(written, due=due, now_us=now_us)) if due else []
        return outgoing, work.is_preparing or bool(sent)

    def _note(self) -> None:
        sent = list(self._sent)
        if sent:
            noting = partial(note_attempts, sent=sent, chance=self._chance, now_us=self._clock())
            self._store.change(noting)
            del self._sent[: len(sent)]

    def _forget(self, now_us: int) -> None:
        if now_us >= self._forgot_us + _FORGETS_EVERY_US and not self._for_nobody:
            while self._store.change(partial(forget_old, now_us=now_us)):
                if self._stopping.is_set():
                    return
            self._forgot_us = now_us

    async def _send(self, one: Outgoing) -> None:
        """Sends a message; what comes of it is noted with the next turn."""
        self._under_way[one.to.webhook_no] += 1
        at_us, began = self._clock(), time.monotonic()
        try:
            attempt = await self._attempt(one, at_us)
            took_us = int((time.monotonic() - began) * SECOND_US)
            self._sent.append(Sent(one, attempt, at_us, took_us))
        finally:
            self._under_way[one.to.webhook_no] -= 1

    async def _attempt(self, one: Outgoing, at_us: int) -> Attempt:
        if one.body is None:
            return Attempt(None, "what it was about is there no more", is_moot=True)
        at_s = at_us // SECOND_US
        headers = {
            "webhook-id": one.message.message_id,
            "webhook-timestamp": str(at_s),
            "webhook-signature": signatures(one.secrets, one.message.message_id, at_s, one.body),
        }
        return await post(Post(one.url, headers, one.body, self._private), now_us=at_us)


def _room(under_way: Mapping[int, int], one: Enabled) -> int:
    """How many more messages to a webhook may be under way."""
    most = _AT_ONCE if one.failing_since_us is None else _AT_ONCE_WHILE_FAILING
    return most - under_way.get(one.webhook_no, 0)
